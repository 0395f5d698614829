import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Token } from '../../../src/wire/tokens.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { TextLink } from '../../ui/links.tsx';
import { Time } from '../../ui/time.tsx';
import { LastUse } from './last-use.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import { Rights } from './rights.tsx';
import { TokenState } from './token-state.tsx';
import { KIND_NAMES, titleOf } from './words.ts';

interface TokenTableProps {
  readonly label: string;
  readonly tokens: readonly Token[];
  /** Whose each is, where they are not all of one. */
  readonly withOwner: boolean;
}

export function TokenTable({ label, tokens, withOwner }: TokenTableProps) {
  const [revoking, setRevoking] = useState<Token | null>(null);
  const columns: Column<Token>[] = [
    {
      header: 'Token',
      cell: (token) => (
        <Stack gap={0}>
          <TextLink to="/tokens/$id" params={{ id: token.id }} fw={600} size="sm">
            {titleOf(token)}
          </TextLink>
          <Text size="xs" c="dimmed">
            {token.description === '' ? KIND_NAMES[token.type] : token.description}
          </Text>
        </Stack>
      ),
    },
    ...(withOwner
      ? [{ header: 'Owner', cell: (token: Token) => <Text size="sm">{token.username}</Text> }]
      : []),
    { header: 'May do', cell: (token) => <Rights token={token} /> },
    { header: 'Last used', cell: (token) => <LastUse token={token} /> },
    {
      header: 'Ends',
      narrow: true,
      cell: (token) => (
        <Text size="sm">
          <Time at={token.revoked_at ?? token.expires_at} never="never" />
        </Text>
      ),
    },
    { header: 'State', narrow: true, cell: (token) => <TokenState token={token} /> },
    {
      header: '',
      narrow: true,
      cell: (token) =>
        token.state === 'active' && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="red"
            onClick={() => setRevoking(token)}
            aria-label={`Revoke ${titleOf(token)}`}
          >
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <>
      <DataTable label={label} columns={columns} rows={tokens} rowKey={(token) => token.id} />
      <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}
