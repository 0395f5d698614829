import { Badge, Group, Text, Tooltip } from '@mantine/core';
import type { Token } from '../../../src/wire/tokens.ts';

const SHOWN = 3;

/** What a token was made with, in the room of a table's cell. */
export function Rights({ token }: { readonly token: Token }) {
  const names = token.scopes ?? token.roles;
  if (names === null) return <Text size="sm">All its owner may do</Text>;
  if (names.length === 0) return <Text size="sm">Nothing</Text>;
  const rest = names.slice(SHOWN);
  const color = token.scopes === null ? 'indigo' : 'gray';
  return (
    <Group gap={4}>
      {names.slice(0, SHOWN).map((name) => (
        <Badge key={name} color={color}>
          {token.scopes === null ? `role ${name}` : name}
        </Badge>
      ))}
      {rest.length > 0 && (
        <Tooltip label={rest.join(', ')}>
          <Badge color={color} tabIndex={0}>
            {rest.length} more
          </Badge>
        </Tooltip>
      )}
    </Group>
  );
}
