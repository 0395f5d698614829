import { Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Token } from '../../../src/wire/tokens.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { exactTime } from '../../ui/time.tsx';
import { listed, titleOf } from './words.ts';

interface RevokeDialogProps {
  /** Null: closed. */
  readonly token: Token | null;
  readonly onClose: () => void;
}

/** Rows of the trail that are looked through for where a token is used. */
const LOOKED_AT = 200;

/** Asks before a token dies, and names what dies with it. */
export function RevokeDialog({ token, onClose }: RevokeDialogProps) {
  // What was asked about stays on the dialog while it closes.
  const [shown, setShown] = useState(token);
  useEffect(() => {
    if (token !== null) setShown(token);
  }, [token]);
  return shown === null ? null : <Asking token={shown} opened={token !== null} onClose={onClose} />;
}

interface AskingProps {
  readonly token: Token;
  readonly opened: boolean;
  readonly onClose: () => void;
}

function Asking({ token, opened, onClose }: AskingProps) {
  const queries = useQueryClient();
  const mayReadTrail = useMay('read:audit');
  const detail = useQuery({
    queryKey: ['tokens', 'one', token.id],
    queryFn: () => tessera.tokens.get(token.id),
    enabled: opened,
  });
  const uses = useQuery({
    queryKey: ['tokens', 'uses', token.id],
    queryFn: () => tessera.audit.page({ token: token.id, limit: LOOKED_AT }),
    enabled: opened && mayReadTrail,
  });
  const revoke = useMutation({
    mutationFn: () => tessera.tokens.revoke(token.id),
    async onSuccess({ revoked }) {
      onClose();
      const more = revoked.length - 1;
      notifyDone(
        more > 0
          ? `${titleOf(token)} is revoked, and ${more} made from it.`
          : `${titleOf(token)} is revoked: refused everywhere within a second.`,
      );
      await queries.invalidateQueries({ queryKey: ['tokens'] });
    },
  });
  const places = [
    ...new Set((uses.data?.items ?? []).flatMap(({ route }) => (route === null ? [] : [route]))),
  ];
  const children = detail.data?.children.length ?? 0;
  const consequences =
    detail.data === undefined
      ? []
      : [
          'It is refused everywhere within a second, also in calls that are under way. This cannot be undone.',
          lastUseSentence(detail.data),
          ...(places.length > 0
            ? [`Lately it was used on ${listed(places)}; what relies on it there stops.`]
            : []),
          children === 0
            ? 'Nothing was made from it.'
            : `${children} delegated ${children === 1 ? 'token' : 'tokens'} made from it ${children === 1 ? 'dies' : 'die'} with it.`,
        ];
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={`Revoke ${titleOf(token)}?`}
      consequences={consequences}
      action="Revoke"
      onConfirm={() => revoke.mutate()}
      pending={revoke.isPending}
      error={revoke.error ?? detail.error}
    >
      {detail.isPending && <Skeleton height={72} aria-busy="true" />}
    </ConfirmDialog>
  );
}

function lastUseSentence(token: Token): string {
  if (token.last_used_at === null) return 'It was never used.';
  const from = token.last_used_address === null ? '' : ` from ${token.last_used_address}`;
  const on = token.last_used_on === null ? '' : ` on ${token.last_used_on}`;
  return `It was last used ${exactTime(token.last_used_at)}${from}${on}.`;
}
