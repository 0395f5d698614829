import {
  Alert,
  Button,
  Card,
  Group,
  NativeSelect,
  SimpleGrid,
  Stack,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { MachineSettings } from '../../../src/wire/machines.ts';
import { useMay, useMe } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { EmptyState, Loading } from '../../ui/states.tsx';
import { jobListQuery } from './use-jobs.ts';
import { blankWish, heldOf, newestFirst, type TypedWish, wishErrors, wishOf } from './wish.ts';
import { memoryWords } from './words.ts';

const SHOWN = ['name', 'version', 'connection', 'cores', 'memory', 'disk', 'node', 'storage', 'bridge']
  .concat(['user', 'ip', 'gateway', 'nameservers'])
  .concat(Array.from({ length: 20 }, (_, at) => `ssh_keys[${at}]`));

/** What is to be made. A name is enough; all else has a default. */
export function MachineForm({ settings }: { readonly settings: MachineSettings }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const mayConnect = useMay('admin:connections');
  const maySeeConnections = useMay('read:connections', 'admin:connections');
  const [typed, setTyped] = useState(() => blankWish(settings));
  const connections = useQuery({
    queryKey: ['connections', 'proxmox'],
    queryFn: () => tessera.connections.list({ kind: 'proxmox' }),
    enabled: maySeeConnections,
  });
  const names = connections.data?.items.map(({ name }) => name) ?? [];
  const connection = typed.connection === '' ? (names[0] ?? '') : typed.connection;
  const nodes = useQuery({
    queryKey: ['connections', connection, 'nodes'],
    queryFn: () => tessera.connections.nodes(connection),
    enabled: maySeeConnections && connection !== '',
    retry: false,
  });
  const make = useMutation({
    mutationFn: () => tessera.machines.create(wishOf({ ...typed, connection })),
    async onSuccess(job) {
      await queries.invalidateQueries({ queryKey: ['machines'] });
      await navigate({ to: '/machines/$id', params: { id: job.id } });
    },
  });

  if (settings.templates.length === 0) return <NoTemplates />;
  // What is typed must not vanish because there is nothing to make it on.
  if (connections.isLoading) return <Loading />;
  if (connections.data?.items.length === 0)
    return (
      <EmptyState
        icon="plug"
        title="No Proxmox VE is connected yet"
        action={mayConnect && <ButtonLink to="/connections/new">Connect a system</ButtonLink>}
      >
        Machines are made through a connection.
        {mayConnect ? '' : ' An administrator can make one.'}
      </EmptyState>
    );

  const errors = wishErrors(make.error);
  const set = (part: Partial<TypedWish>): void => setTyped((before) => ({ ...before, ...part }));
  /** Label, and all that text fields have in common. */
  const field = (key: keyof TypedWish, label: string) => ({
    label,
    value: typed[key],
    error: errors[key],
    autoComplete: 'off',
    spellCheck: false,
    onChange: (event: { currentTarget: { value: string } }) => set({ [key]: event.currentTarget.value }),
  });
  const count = (key: 'cores' | 'memory' | 'disk', label: string) => ({
    ...field(key, label),
    inputMode: 'numeric' as const,
    pattern: '[0-9]{1,7}',
    required: true,
    withAsterisk: false,
  });

  return (
    <Form onSubmit={() => make.mutate()}>
      <Stack gap="lg" maw={720}>
        <Card>
          <Stack gap="md">
            <TextInput
              {...field('name', 'Name')}
              description="Letters, digits and hyphens"
              placeholder="test-vm"
              required
              withAsterisk={false}
              maxLength={63}
              autoCapitalize="none"
            />
            <SimpleGrid cols={{ base: 1, xs: 2 }}>
              <NativeSelect
                {...field('version', 'Ubuntu release')}
                data={newestFirst(settings).map(({ version, template }) => ({
                  value: version,
                  label: `${version} (template ${template})`,
                }))}
              />
              {maySeeConnections ? (
                <NativeSelect {...field('connection', 'Connection')} value={connection} data={names} />
              ) : (
                <TextInput {...field('connection', 'Connection')} placeholder="the only one there is" />
              )}
            </SimpleGrid>
            <NativeSelect
              {...field('node', 'Node')}
              data={[
                { value: '', label: settings.node ?? 'where the template lies' },
                ...(nodes.data?.items ?? [])
                  .filter(({ name }) => name !== settings.node)
                  .map(({ name, status }) => ({
                    value: name,
                    label: status === 'online' ? name : `${name} (${status})`,
                  })),
              ]}
            />
          </Stack>
        </Card>
        <Card>
          <Stack gap="md">
            <Title order={2} fz="h4">
              Size
            </Title>
            <SimpleGrid cols={{ base: 1, xs: 3 }}>
              <TextInput {...count('cores', 'Cores')} />
              <TextInput {...count('memory', 'Memory in MiB')} />
              <TextInput {...count('disk', 'Disk in GiB')} />
            </SimpleGrid>
            {settings.quota !== null && <Quota quota={settings.quota} typed={typed} />}
          </Stack>
        </Card>
        <Card>
          <Stack gap="md">
            <Title order={2} fz="h4">
              Getting in
            </Title>
            <Textarea
              {...field('sshKeys', 'Public SSH keys')}
              description="One a line. Without a key, only those get in whom the template lets in."
              placeholder="ssh-ed25519 AAAA... you@laptop"
              autosize
              minRows={2}
              maxRows={6}
            />
            <TextInput {...field('user', 'Login')} placeholder="ubuntu" autoCapitalize="none" />
          </Stack>
        </Card>
        <Card>
          <Stack gap="md">
            <Title order={2} fz="h4">
              Network and storage
            </Title>
            <SimpleGrid cols={{ base: 1, xs: 2 }}>
              <TextInput
                {...field('ip', 'Address')}
                description="With its prefix, as 192.0.2.10/24"
                placeholder="by DHCP"
              />
              <TextInput {...field('gateway', 'Gateway')} description="Goes with a fixed address" />
              <TextInput {...field('nameservers', 'Name servers')} placeholder="the node's own" />
              <TextInput {...field('bridge', 'Bridge')} placeholder="the template's" />
              <TextInput {...field('storage', 'Storage')} placeholder="the template's" />
            </SimpleGrid>
          </Stack>
        </Card>
        {isBesideFields(make.error, SHOWN) && <DiagnosedError error={make.error} />}
        <Group>
          <Button type="submit" loading={make.isPending}>
            {make.isError ? 'Try again' : 'Make the machine'}
          </Button>
        </Group>
      </Stack>
    </Form>
  );
}

function NoTemplates() {
  return (
    <EmptyState icon="machine" title="No template is configured">
      The server needs the id of a template for each release: set UBUNTU_2204_TEMPLATE_ID=9000, and likewise
      for others, and start it again.
    </EmptyState>
  );
}

interface QuotaProps {
  readonly quota: NonNullable<MachineSettings['quota']>;
  readonly typed: TypedWish;
}

/** What this machine leaves of what one may hold. */
function Quota({ quota, typed }: QuotaProps) {
  const me = useMe();
  const machines = useQuery(jobListQuery(false));
  if (machines.data === undefined) return null;
  const held = heldOf(machines.data.items, me.username);
  const wanted = {
    vms: held.vms + 1,
    cores: held.cores + Number(typed.cores),
    memory: held.memory + Number(typed.memory),
  };
  const over = [
    ...(wanted.vms > quota.vms ? [`${wanted.vms} machines of ${quota.vms}`] : []),
    ...(wanted.cores > quota.cores ? [`${wanted.cores} cores of ${quota.cores}`] : []),
    ...(wanted.memory > quota.memory
      ? [`${memoryWords(wanted.memory)} of memory of ${memoryWords(quota.memory)}`]
      : []),
  ];
  const words = `You hold ${held.vms} of ${quota.vms} machines, ${held.cores} of ${quota.cores} cores and ${memoryWords(held.memory)} of ${memoryWords(quota.memory)} of memory.`;
  return (
    <Alert color={over.length > 0 ? 'red' : 'gray'} role="status">
      {words} {over.length > 0 && `With this one it would be ${over.join(', ')}: too much.`}
    </Alert>
  );
}
