import { Badge, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { User } from '../../../src/wire/people.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { actorWords } from '../../ui/actor.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';
import { TextLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading, PermissionDenied } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { NewUserDialog } from './new-user-dialog.tsx';

export function UsersPage() {
  const allowed = useMay('admin:token', 'admin:userinfo');
  return allowed ? (
    <Users />
  ) : (
    <Page title="Users">
      <PermissionDenied scopes={['admin:token', 'admin:userinfo']} />
    </Page>
  );
}

const COLUMNS: readonly Column<User>[] = [
  {
    header: 'User',
    cell: (user) => (
      <Stack gap={0}>
        <TextLink to="/users/$username" params={{ username: user.username }} fw={600} size="sm">
          {user.username}
        </TextLink>
        <Text size="xs" c="dimmed">
          {[user.name, user.email].filter((part) => part !== null).join(', ') || 'No name given'}
        </Text>
      </Stack>
    ),
  },
  {
    header: 'Roles',
    cell: ({ roles }) =>
      roles.length === 0 ? (
        <Text size="sm" c="dimmed">
          none given
        </Text>
      ) : (
        <Group gap={4}>
          {roles.map(({ role }) => (
            <Badge key={role} color="indigo">
              {role}
            </Badge>
          ))}
        </Group>
      ),
  },
  {
    header: 'Made',
    cell: ({ created_at: at, created_by: by }) => (
      <Text size="sm">
        <Time at={at} /> by {actorWords(by)}
      </Text>
    ),
  },
  {
    header: 'State',
    narrow: true,
    cell: ({ disabled }) => (disabled ? <Badge color="red">Disabled</Badge> : <Badge>Active</Badge>),
  },
];

function Users() {
  const mayChange = useMay('admin:token');
  const [kind, setKind] = useState<'user' | 'bot'>('user');
  const [sought, setSought] = useState('');
  const [making, setMaking] = useState(false);
  const users = useQuery({ queryKey: ['users', 'list', kind], queryFn: () => tessera.users.list({ kind }) });
  const text = sought.trim().toLowerCase();
  const rows = (users.data?.items ?? []).filter(({ username, name, email }) =>
    [username, name, email].some((part) => part?.toLowerCase().includes(text)),
  );
  return (
    <Page
      title="Users"
      lead="People sign in and hold roles. Bots only have service tokens."
      actions={
        mayChange && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setMaking(true)}>
            New user
          </Button>
        )
      }
    >
      <Group gap="sm">
        <SegmentedControl
          aria-label="Kind"
          data={[
            { value: 'user', label: 'People' },
            { value: 'bot', label: 'Bots' },
          ]}
          value={kind}
          onChange={(value) => setKind(value as 'user' | 'bot')}
        />
        <TextInput
          aria-label="Find"
          placeholder="Name or mail"
          leftSection={<Icon name="search" size={18} />}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
          w={{ base: '100%', xs: 260 }}
        />
      </Group>
      {users.isPending && <Loading label="Loading users" />}
      {users.error !== null && <ErrorState error={users.error} onRetry={() => users.refetch()} />}
      {users.data !== undefined &&
        (rows.length > 0 ? (
          <DataTable label="Users" columns={COLUMNS} rows={rows} rowKey={({ username }) => username} />
        ) : (
          <EmptyState icon="users" title={text === '' ? 'Nobody here' : 'Nobody is called that'}>
            {kind === 'bot' ? 'A bot is made together with its first service token.' : 'Try fewer letters.'}
          </EmptyState>
        ))}
      <NewUserDialog opened={making} onClose={() => setMaking(false)} />
    </Page>
  );
}
