import { Button, Card, Group, SimpleGrid, Stack, Switch, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { User } from '../../../src/wire/people.ts';
import { useRoles } from '../../api/catalogue.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { actorWords } from '../../ui/actor.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Facts } from '../../ui/facts.tsx';
import { BackLink, ButtonLink } from '../../ui/links.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { givable } from './new-user-dialog.tsx';
import { SetPassword } from './set-password.tsx';

export function UserPage() {
  const { username } = useParams({ from: '/shell/users/$username' });
  const user = useQuery({ queryKey: ['users', 'one', username], queryFn: () => tessera.users.get(username) });
  if (user.data !== undefined) return <Detail user={user.data} />;
  return (
    <Page title={username} back={<Back />}>
      {user.error === null ? (
        <Loading label="Loading the user" />
      ) : (
        <ErrorState error={user.error} onRetry={() => user.refetch()} />
      )}
    </Page>
  );
}

function Detail({ user }: { readonly user: User }) {
  const mayChange = useMay('admin:token');
  const mayReadTrail = useMay('read:audit');
  return (
    <Page
      title={user.username}
      lead={
        user.kind === 'bot' ? 'A bot: it has service tokens and does not sign in.' : (user.name ?? undefined)
      }
      back={<Back />}
      actions={
        <>
          {mayReadTrail && (
            <ButtonLink to="/audit" search={{ actor: user.username }} variant="default">
              {user.kind === 'bot' ? 'What it did' : 'What they did'}
            </ButtonLink>
          )}
          {mayChange &&
            (user.kind === 'bot' ? (
              <ButtonLink to="/service-tokens" variant="default">
                Service tokens
              </ButtonLink>
            ) : (
              <ButtonLink to="/tokens" search={{ user: user.username, state: 'all' }} variant="default">
                See their tokens
              </ButtonLink>
            ))}
        </>
      }
    >
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Card>
          <Title order={2} fz="h4" mb="sm">
            About
          </Title>
          <Facts
            facts={[
              ['Name', user.name ?? 'not given'],
              ['Mail', user.email ?? 'not given'],
              ['Signs in', user.has_password ? 'with a password' : 'not by password'],
              ['State', user.disabled ? 'disabled: all its tokens are refused' : 'active'],
              ['Made', <Made key="made" user={user} />],
            ]}
          />
        </Card>
        <Roles user={user} />
        {mayChange && user.kind === 'user' && <SetPassword username={user.username} />}
        {mayChange && <Ending user={user} />}
      </SimpleGrid>
    </Page>
  );
}

const Made = ({ user }: { readonly user: User }) => (
  <>
    <Time at={user.created_at} /> by {actorWords(user.created_by)}
  </>
);

function Roles({ user }: { readonly user: User }) {
  const queries = useQueryClient();
  const mayChange = useMay('admin:token');
  const roles = useRoles();
  const change = useMutation({
    mutationFn: async ({ role, give }: { readonly role: string; readonly give: boolean }): Promise<void> => {
      if (give) await tessera.users.grantRole(user.username, role);
      else await tessera.users.revokeRole(user.username, role);
    },
    async onSuccess(_done, { role, give }) {
      notifyDone(
        give
          ? `${user.username} has the role ${role}.`
          : `${user.username} has lost ${role}; its tokens shrank at once.`,
      );
      await queries.invalidateQueries({ queryKey: ['users'] });
    },
  });
  return (
    <Card>
      <Title order={2} fz="h4" mb="sm">
        Roles
      </Title>
      <Stack gap="sm">
        {givable(roles).map(({ name, description }) => {
          const grant = user.roles.find(({ role }) => role === name);
          return (
            <Switch
              key={name}
              label={name}
              description={
                grant === undefined ? (
                  description
                ) : (
                  <>
                    Given by {actorWords(grant.granted_by)} <Time at={grant.granted_at} />
                  </>
                )
              }
              checked={grant !== undefined}
              disabled={!mayChange || change.isPending}
              onChange={(event) => change.mutate({ role: name, give: event.currentTarget.checked })}
            />
          );
        })}
        {change.error !== null && <ErrorState error={change.error} />}
      </Stack>
    </Card>
  );
}

function Ending({ user }: { readonly user: User }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const disable = useMutation({
    mutationFn: () => tessera.users.update(user.username, { disabled: !user.disabled }),
    async onSuccess() {
      notifyDone(user.disabled ? `${user.username} is enabled again.` : `${user.username} is disabled.`);
      await queries.invalidateQueries({ queryKey: ['users'] });
    },
  });
  const remove = useMutation({
    mutationFn: () => tessera.users.delete(user.username),
    async onSuccess() {
      notifyDone(`${user.username} is deleted.`);
      await navigate({ to: '/users' });
      await queries.invalidateQueries({ queryKey: ['users'] });
    },
  });
  return (
    <Card>
      <Title order={2} fz="h4" mb="xs">
        Disable or delete
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        Disabling refuses all its tokens within a second and can be undone; deleting cannot.
      </Text>
      <Group>
        <Button variant="default" loading={disable.isPending} onClick={() => disable.mutate()}>
          {user.disabled ? 'Enable' : 'Disable'}
        </Button>
        <Button variant="light" color="red" onClick={() => setAsking(true)}>
          Delete
        </Button>
      </Group>
      {disable.error !== null && <ErrorState error={disable.error} />}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Delete ${user.username}?`}
        consequences={[
          'All its tokens die within a second, with everything made from them.',
          user.roles.length === 0
            ? 'It holds no role that was given.'
            : `It loses the roles ${user.roles.map(({ role }) => role).join(', ')}.`,
          'What it did stays in the audit trail.',
        ]}
        typed={user.username}
        action="Delete"
        onConfirm={() => remove.mutate()}
        pending={remove.isPending}
        error={remove.error}
      />
    </Card>
  );
}

const Back = () => <BackLink to="/users">Users</BackLink>;
