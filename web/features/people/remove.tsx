import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Role, Scope } from '../../../src/wire/people.ts';
import { rolesQuery, scopesChanged } from '../../api/catalogue.ts';
import { tessera } from '../../api/tessera.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { notifyDone } from '../../ui/notify.ts';

export function RemoveRole({ role, onClose }: { readonly role: Role | null; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const name = role?.name ?? '';
  const holders = useQuery({
    queryKey: ['roles', 'holders', name],
    queryFn: () => tessera.roles.users(name),
    enabled: role !== null,
  });
  const remove = useMutation({
    mutationFn: () => tessera.roles.delete(name),
    async onSuccess() {
      notifyDone(`The role ${name} is deleted.`);
      onClose();
      await queries.invalidateQueries({ queryKey: ['roles'] });
    },
  });
  const names = (holders.data?.items ?? []).map(({ username }) => username);
  return (
    <ConfirmDialog
      opened={role !== null}
      onClose={onClose}
      title={`Delete the role ${name}?`}
      consequences={[
        names.length === 0
          ? 'Nobody holds it.'
          : `${names.join(', ')} ${names.length === 1 ? 'loses' : 'lose'} it at once.`,
        'Tokens bound to it can do less from then on.',
      ]}
      action="Delete"
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error ?? holders.error}
    />
  );
}

export function RemoveScope({
  scope,
  onClose,
}: {
  readonly scope: Scope | null;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const name = scope?.name ?? '';
  const roles = useQuery(rolesQuery);
  const remove = useMutation({
    mutationFn: () => tessera.scopes.delete(name),
    async onSuccess() {
      notifyDone(`The scope ${name} is gone.`);
      onClose();
      await scopesChanged(queries);
    },
  });
  const holding = (roles.data?.items ?? []).filter(
    ({ scopes, builtin }) => !builtin && scopes.includes(name),
  );
  return (
    <ConfirmDialog
      opened={scope !== null}
      onClose={onClose}
      title={`Remove the scope ${name}?`}
      consequences={[
        holding.length === 0
          ? 'No role of yours holds it.'
          : `The ${holding.length === 1 ? 'role' : 'roles'} ${holding.map((role) => role.name).join(', ')} ${holding.length === 1 ? 'holds' : 'hold'} it.`,
        'Guards that ask for it let nobody in.',
      ]}
      action="Remove"
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
    />
  );
}
