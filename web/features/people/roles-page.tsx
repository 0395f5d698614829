import { Badge, Button, Card, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { Role, Scope } from '../../../src/wire/people.ts';
import { useRoles, useScopes } from '../../api/catalogue.ts';
import { useMay } from '../../api/session.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';
import { Page } from '../../ui/page.tsx';
import { NewScopeDialog } from './new-scope-dialog.tsx';
import { RemoveRole, RemoveScope } from './remove.tsx';
import { RoleDialog } from './role-dialog.tsx';

/** What roles hold and what scopes mean. Everybody may read it; administrators change it. */
export function RolesPage() {
  return (
    <Page
      title="Roles and scopes"
      lead="A scope is one right by name. A role is a set of scopes that is given to people; tokens follow at once when it changes."
    >
      <RoleList />
      <ScopeList />
    </Page>
  );
}

function RoleList() {
  const roles = useRoles();
  const mayChange = useMay('admin:token');
  const [edited, setEdited] = useState<Role | 'new' | null>(null);
  const [removed, setRemoved] = useState<Role | null>(null);
  const columns: Column<Role>[] = [
    {
      header: 'Role',
      cell: ({ name, description, builtin }) => (
        <Stack gap={0}>
          <Group gap={6}>
            <Text size="sm" fw={600}>
              {name}
            </Text>
            {builtin && <Badge color="gray">built in</Badge>}
          </Group>
          <Text size="xs" c="dimmed">
            {description}
          </Text>
        </Stack>
      ),
    },
    {
      header: 'Holds',
      cell: ({ name, scopes }) =>
        name === 'admin' ? (
          <Text size="sm">Every scope, also those to come</Text>
        ) : (
          <Group gap={4}>
            {scopes.map((scope) => (
              <Badge key={scope} color="gray">
                {scope}
              </Badge>
            ))}
          </Group>
        ),
    },
    {
      header: '',
      narrow: true,
      cell: (role) =>
        mayChange &&
        !role.builtin && (
          <Group gap={4} wrap="nowrap">
            <Button
              size="compact-sm"
              variant="subtle"
              onClick={() => setEdited(role)}
              aria-label={`Change ${role.name}`}
            >
              Change
            </Button>
            <Button
              size="compact-sm"
              variant="subtle"
              color="red"
              onClick={() => setRemoved(role)}
              aria-label={`Delete ${role.name}`}
            >
              Delete
            </Button>
          </Group>
        ),
    },
  ];
  return (
    <Card>
      <Group justify="space-between" mb="sm">
        <Title order={2} fz="h4">
          Roles
        </Title>
        {mayChange && (
          <Button
            variant="light"
            leftSection={<Icon name="plus" size={18} />}
            onClick={() => setEdited('new')}
          >
            New role
          </Button>
        )}
      </Group>
      <DataTable label="Roles" columns={columns} rows={roles} rowKey={({ name }) => name} />
      <RoleDialog role={edited} onClose={() => setEdited(null)} />
      <RemoveRole role={removed} onClose={() => setRemoved(null)} />
    </Card>
  );
}

function ScopeList() {
  const scopes = useScopes();
  const mayChange = useMay('admin:token');
  const [making, setMaking] = useState(false);
  const [removed, setRemoved] = useState<Scope | null>(null);
  const columns: Column<Scope>[] = [
    { header: 'Meaning', cell: ({ description }) => <Text size="sm">{description}</Text> },
    { header: 'Scope', cell: ({ name }) => <Code>{name}</Code> },
    {
      header: '',
      narrow: true,
      cell: (scope) =>
        mayChange &&
        !scope.builtin && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="red"
            onClick={() => setRemoved(scope)}
            aria-label={`Remove ${scope.name}`}
          >
            Remove
          </Button>
        ),
    },
  ];
  return (
    <Card>
      <Group justify="space-between" mb="sm">
        <Title order={2} fz="h4">
          Scopes
        </Title>
        {mayChange && (
          <Button
            variant="light"
            leftSection={<Icon name="plus" size={18} />}
            onClick={() => setMaking(true)}
          >
            Register a scope
          </Button>
        )}
      </Group>
      <DataTable label="Scopes" columns={columns} rows={scopes} rowKey={({ name }) => name} />
      <NewScopeDialog opened={making} onClose={() => setMaking(false)} />
      <RemoveScope scope={removed} onClose={() => setRemoved(null)} />
    </Card>
  );
}
