import { Badge, Code, Group, SegmentedControl, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Job } from '../../../src/wire/machines.ts';
import { useMay } from '../../api/session.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';
import { ButtonLink, TextLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading, PermissionDenied } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { jobListQuery, useMayTidy } from './use-jobs.ts';
import { badgeOf, sizeOf } from './words.ts';

/** Machines made from here; or the jobs that made them, those that failed included. */
export function MachinesPage() {
  const maySee = useMay('read:machines', 'write:machines');
  const mayMake = useMay('write:machines');
  const mayTidy = useMayTidy();
  const navigate = useNavigate({ from: '/machines' });
  const { show } = useSearch({ from: '/shell/machines' });
  const jobs = show === 'jobs';
  const list = useQuery({ ...jobListQuery(jobs), enabled: maySee });
  const make = mayMake && (
    <ButtonLink to="/machines/new" leftSection={<Icon name="plus" size={18} />}>
      New machine
    </ButtonLink>
  );
  return (
    <Page
      title="Machines"
      lead="Virtual machines made from a template on Proxmox VE, step by step, and taken away again where a step fails."
      actions={
        maySee && (
          <>
            {mayTidy && (
              <ButtonLink to="/machines/strays" variant="default">
                Strays
              </ButtonLink>
            )}
            <ButtonLink to="/machines/templates" variant="default">
              Templates
            </ButtonLink>
            {make}
          </>
        )
      }
    >
      {maySee && (
        <Group>
          <SegmentedControl
            aria-label="What to show"
            data={[
              { value: 'machines', label: 'Machines' },
              { value: 'jobs', label: 'Jobs' },
            ]}
            value={jobs ? 'jobs' : 'machines'}
            onChange={(value) => navigate({ search: value === 'jobs' ? { show: 'jobs' } : {} })}
          />
        </Group>
      )}
      {!maySee ? (
        <PermissionDenied scopes={['read:machines', 'write:machines']} />
      ) : list.isPending ? (
        <Loading label={jobs ? 'Loading the jobs' : 'Loading the machines'} />
      ) : list.error !== null ? (
        <ErrorState
          error={list.error}
          title="The machines could not be read"
          onRetry={() => void list.refetch()}
        />
      ) : list.data.items.length > 0 ? (
        <DataTable
          label={jobs ? 'Jobs' : 'Machines'}
          columns={jobs ? JOB_COLUMNS : MACHINE_COLUMNS}
          rows={list.data.items}
          rowKey={({ id }) => id}
        />
      ) : (
        <EmptyState icon="machine" title={jobs ? 'No jobs yet' : 'No machines yet'} action={make}>
          A name is enough: rights, template and storage are looked at first, then it is cloned, sized,
          started and asked for its address.
        </EmptyState>
      )}
    </Page>
  );
}

const name: Column<Job> = {
  header: 'Machine',
  cell: ({ id, machine }) => (
    <TextLink to="/machines/$id" params={{ id }} fw={600} className="name-cell">
      {machine.name}
    </TextLink>
  ),
};

const state: Column<Job> = {
  header: 'State',
  narrow: true,
  cell: (job) => <JobBadge job={job} />,
};

const place: Column<Job> = {
  header: 'Place',
  cell: ({ connection, machine }) => (
    <Text span size="sm" className="break-anywhere">
      {connection.name}, {machine.node}
      {machine.vmid === null ? '' : `, ${machine.vmid}`}
    </Text>
  ),
};

const owner: Column<Job> = {
  header: 'Owner',
  cell: (job) => (
    <Text span size="sm" className="break-anywhere">
      {job.owner}
    </Text>
  ),
};

const when: Column<Job> = {
  header: 'Begun',
  narrow: true,
  cell: ({ created_at }) => (
    <span className="nowrap">
      <Time at={created_at} />
    </span>
  ),
};

const MACHINE_COLUMNS: readonly Column<Job>[] = [
  name,
  state,
  {
    header: 'Address',
    cell: ({ machine }) => (machine.ip === null ? <Unknown /> : <Code>{machine.ip}</Code>),
  },
  {
    header: 'Size',
    cell: ({ machine }) => (
      <Text span size="sm">
        Ubuntu {machine.version}, {sizeOf(machine)}
      </Text>
    ),
  },
  place,
  owner,
];

const JOB_COLUMNS: readonly Column<Job>[] = [
  name,
  state,
  {
    header: 'Why',
    long: true,
    cell: ({ problem }) =>
      problem === null ? (
        <Unknown />
      ) : (
        <Text span size="sm" className="break-anywhere">
          {problem.sentence}
        </Text>
      ),
  },
  place,
  owner,
  when,
];

const Unknown = () => (
  <Text span c="dimmed" aria-label="none">
    -
  </Text>
);

export function JobBadge({ job }: { readonly job: Job }) {
  const [words, color] = badgeOf(job);
  return <Badge color={color}>{words}</Badge>;
}
