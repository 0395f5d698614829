import { Badge, Code, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { TemplateList } from '../../../src/wire/inventory.ts';
import type { MachineSettings } from '../../../src/wire/machines.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { BackLink, ButtonLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, Loading, PermissionDenied } from '../../ui/states.tsx';
import { settingsQuery } from './use-jobs.ts';

/** The templates machines are made from, as they are on a system, and what is lacking in them. */
export function TemplatesPage() {
  const may = useMay('read:connections', 'admin:connections');
  return (
    <Page
      title="Templates"
      lead="What machines are made from: the ids the server was given, looked up on the system."
      back={<BackLink to="/machines">Machines</BackLink>}
    >
      {may ? <Check /> : <PermissionDenied scopes={['read:connections', 'admin:connections']} />}
    </Page>
  );
}

function Check() {
  const navigate = useNavigate({ from: '/machines/templates' });
  const { connection: named } = useSearch({ from: '/shell/machines/templates' });
  const settings = useQuery(settingsQuery);
  const connections = useQuery({
    queryKey: ['connections', 'proxmox'],
    queryFn: () => tessera.connections.list({ kind: 'proxmox' }),
  });
  const names = connections.data?.items.map(({ name }) => name) ?? [];
  const connection = named ?? names[0];
  const found = useQuery({
    queryKey: ['connections', connection, 'templates'],
    queryFn: () => tessera.connections.templates(connection ?? ''),
    enabled: connection !== undefined,
    retry: false,
  });
  const failed = settings.error ?? connections.error;
  if (failed !== null) return <DiagnosedError error={failed} />;
  if (connections.data !== undefined && connection === undefined)
    return (
      <EmptyState
        icon="plug"
        title="No Proxmox VE is connected yet"
        action={<ButtonLink to="/connections/new">Connect a system</ButtonLink>}
      >
        Templates are looked up through a connection.
      </EmptyState>
    );
  return (
    <>
      {names.length > 1 && (
        <NativeSelect
          label="Connection"
          maw={320}
          data={names}
          value={connection}
          onChange={(event) => navigate({ search: { connection: event.currentTarget.value } })}
        />
      )}
      {found.error !== null ? (
        <DiagnosedError
          error={found.error}
          title="The templates could not be read"
          onRetry={() => void found.refetch()}
        />
      ) : found.data === undefined || settings.data === undefined ? (
        <Loading label="Looking the templates up" />
      ) : (
        <Found settings={settings.data} templates={found.data.items} />
      )}
    </>
  );
}

type Template = TemplateList['items'][number];

interface Row {
  readonly id: number;
  readonly version: string | null;
  readonly template: Template | undefined;
  readonly lacks: readonly { readonly words: string; readonly fix: string }[];
}

function Found({
  settings,
  templates,
}: {
  readonly settings: MachineSettings;
  readonly templates: readonly Template[];
}) {
  const configured = settings.templates.map(({ version, template: id }): Row => {
    const template = templates.find((one) => one.id === id);
    return { id, version, template, lacks: lacking(id, template) };
  });
  const others = templates
    .filter(({ id }) => !configured.some((row) => row.id === id))
    .map((template): Row => ({ id: template.id, version: null, template, lacks: [] }));
  const rows = [...configured, ...others];
  if (rows.length === 0)
    return (
      <EmptyState icon="machine" title="No templates">
        The system shows none, and the server was given none. Make one from an Ubuntu cloud image, then set
        UBUNTU_2204_TEMPLATE_ID to its id.
      </EmptyState>
    );
  return (
    <Stack gap="md">
      <DataTable label="Templates" columns={COLUMNS} rows={rows} rowKey={({ id }) => String(id)} />
      {configured.length === 0 && (
        <Text size="sm">
          The server uses none of them yet. Set <Code>UBUNTU_2204_TEMPLATE_ID</Code> to an id and start it
          again.
        </Text>
      )}
    </Stack>
  );
}

function lacking(id: number, template: Template | undefined): Row['lacks'] {
  if (template === undefined)
    return [
      {
        words: 'The system shows no template of this id.',
        fix: `qm template ${id}`,
      },
    ];
  if (template.type === 'lxc')
    return [{ words: 'It is a container, and machines are cloned from virtual machines.', fix: '' }];
  if (template.unreadable !== null)
    return [{ words: `Its settings cannot be read: ${template.unreadable}`, fix: '' }];
  return [
    ...(template.cloud_init === false
      ? [
          {
            words: 'It has no cloud-init drive, so login and address cannot be set.',
            fix: `qm set ${id} --ide2 ${template.storage ?? 'local-lvm'}:cloudinit`,
          },
        ]
      : []),
    ...(template.agent === false
      ? [
          {
            words: 'The guest agent is off, so the address stays unknown.',
            fix: `qm set ${id} --agent enabled=1`,
          },
        ]
      : []),
  ];
}

const COLUMNS: readonly Column<Row>[] = [
  { header: 'Id', narrow: true, cell: ({ id }) => <Code>{id}</Code> },
  {
    header: 'Used for',
    narrow: true,
    cell: ({ version }) =>
      version === null ? (
        <Text span size="sm" c="dimmed">
          nothing
        </Text>
      ) : (
        <Text span size="sm" className="nowrap">
          Ubuntu {version}
        </Text>
      ),
  },
  {
    header: 'On the system',
    cell: ({ template }) =>
      template === undefined ? (
        <Text span c="dimmed" aria-label="none">
          -
        </Text>
      ) : (
        <Text span size="sm" className="break-anywhere">
          {[
            template.name,
            template.node,
            template.storage,
            template.disk_gib === null ? null : `${Math.round(template.disk_gib * 10) / 10} GiB`,
          ]
            .filter((part) => part !== null)
            .join(', ')}
        </Text>
      ),
  },
  {
    header: 'Ready',
    cell: ({ version, lacks }) =>
      version === null ? (
        <Badge color="gray">Not used</Badge>
      ) : lacks.length === 0 ? (
        <Badge color="tile">Ready</Badge>
      ) : (
        <Stack gap="xs">
          {lacks.map(({ words, fix }) => (
            <Stack key={words} gap={4}>
              <Group gap={6} wrap="nowrap" align="flex-start">
                <Text span size="sm" className="break-anywhere">
                  {words}
                </Text>
              </Group>
              {fix !== '' && <CodeBlock code={fix} label="Copy what to do" wraps />}
            </Stack>
          ))}
        </Stack>
      ),
  },
];
