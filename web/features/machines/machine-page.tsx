import { Alert, Button, Card, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { Job } from '../../../src/wire/machines.ts';
import { useMay, useMe } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { Facts } from '../../ui/facts.tsx';
import { FindingCard } from '../../ui/findings.tsx';
import { Icon } from '../../ui/icons.tsx';
import { BackLink } from '../../ui/links.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { ConnectionLink } from './connection-link.tsx';
import { JobSteps } from './job-steps.tsx';
import { JobBadge } from './machines-page.tsx';
import { jobQuery } from './use-jobs.ts';
import { canStart, canStop, holdsMachine, isGone, isReady, memoryWords } from './words.ts';

/** One machine, and the job that made it: by the name of the one or the id of the other. */
export function MachinePage() {
  const { id } = useParams({ from: '/shell/machines/$id' });
  const { data, error, isPending, refetch } = useQuery(jobQuery(id));
  const back = <BackLink to="/machines">Machines</BackLink>;
  if (data === undefined)
    return (
      <Page title={isPending ? 'Machine' : 'No such machine'} back={back}>
        {isPending ? (
          <Loading label="Loading the machine" />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )}
      </Page>
    );
  return <Shown key={data.id} job={data} />;
}

function Shown({ job }: { readonly job: Job }) {
  const { machine, problem, leftover, connection } = job;
  const [asking, setAsking] = useState<Question | null>(null);
  const act = useAct(job, () => setAsking(null));
  useListFollows(job);
  return (
    <Page
      title={machine.name}
      lead={`Ubuntu ${machine.version} on ${connection.name}, made for ${job.owner}`}
      back={<BackLink to="/machines">Machines</BackLink>}
      actions={<Actions job={job} act={act} asking={asking} onAsk={setAsking} />}
    >
      {act.error !== null && asking === null && <DiagnosedError error={act.error} />}
      {problem !== null && <FindingCard finding={problem} />}
      {leftover !== null && job.deleted_at === null && (
        <Text>
          What the undo could not remove: <Code className="break-anywhere">{leftover}</Code>. Delete it once
          the reason is gone.
        </Text>
      )}
      <GuestTrouble job={job} />
      {canStop(job) && machine.ip !== null && (
        <CodeBlock code={`ssh ${machine.user}@${machine.ip}`} label="Copy the ssh command" />
      )}
      <Card component="section" aria-label="The job">
        <Stack gap="sm">
          <Group justify="space-between">
            <Title order={2} fz="h4">
              {job.ended ? 'How it went' : 'How far it is'}
            </Title>
            {!isReady(job) && <JobBadge job={job} />}
          </Group>
          <JobSteps job={job} />
        </Stack>
      </Card>
      <Card>
        <Stack gap="sm">
          <Title order={2} fz="h4">
            The machine
          </Title>
          <Facts
            facts={[
              ['State', isReady(job) ? <JobBadge key="state" job={job} /> : null],
              ['Address', machine.ip === null ? 'not known' : <Code key="ip">{machine.ip}</Code>],
              ['Guest id', guestId(job)],
              ['Node', machine.node],
              ['Connection', <ConnectionLink key="connection" to={connection.id} name={connection.name} />],
              ['Template', String(machine.template)],
              ['Cores', String(machine.cores)],
              ['Memory', memoryWords(machine.memory)],
              ['Disk', `${machine.disk} GiB`],
              ['Login', `${machine.user}, ${machine.has_ssh_key ? 'with an SSH key' : 'without an SSH key'}`],
              ['Begun', <Time key="begun" at={job.created_at} />],
              ['Deleted', job.deleted_at === null ? null : <Time key="gone" at={job.deleted_at} />],
              ['Job', <Code key="job">{job.id}</Code>],
            ]}
          />
        </Stack>
      </Card>
    </Page>
  );
}

/** Where the machine is not as it was made. */
function GuestTrouble({ job }: { readonly job: Job }) {
  if (isGone(job))
    return (
      <Alert color="red" icon={<Icon name="warning" />} title="It is not there any more">
        Somebody deleted it on {job.connection.name}. Delete it here too, and it leaves the list.
      </Alert>
    );
  const { connection, machine } = job;
  const { guest_problem: problem } = machine;
  return problem === null || !isReady(job) ? null : (
    <Alert color="yellow" icon={<Icon name="warning" />} title="Whether it runs could not be learned">
      <span className="break-anywhere">
        Asked over <ConnectionLink to={connection.id} name={connection.name} />: {problem}
      </span>
    </Alert>
  );
}

/** The id may have gone to another guest since. */
const guestId = (job: Job): string | null => {
  const { vmid } = job.machine;
  if (vmid === null) return job.ended ? null : 'none yet';
  return job.ended && !holdsMachine(job) ? `${vmid} (gone)` : String(vmid);
};

/** The list is read anew once the job has ended. */
function useListFollows({ ended }: Job): void {
  const queries = useQueryClient();
  const before = useRef(ended);
  useEffect(() => {
    if (ended && !before.current) void queries.invalidateQueries({ queryKey: ['machines'] });
    before.current = ended;
  }, [ended, queries]);
}

function useAct({ id, machine }: Job, onDone: () => void) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (what: Act) => ACTS[what].run(id),
    async onSuccess(after, what) {
      onDone();
      notifyDone(ACTS[what].done(machine.name));
      await queries.invalidateQueries({ queryKey: ['machines'] });
      if (after.id !== id) await navigate({ to: '/machines/$id', params: { id: after.id } });
    },
  });
}

interface ActionsProps {
  readonly job: Job;
  readonly act: ReturnType<typeof useAct>;
  readonly asking: Question | null;
  readonly onAsk: (question: Question | null) => void;
}

function Actions({ job, act, asking, onAsk }: ActionsProps) {
  const me = useMe();
  const mayWrite = useMay('write:machines');
  const mayOthers = useMay('admin:connections');
  if (!mayWrite || (job.owner !== me.username && !mayOthers)) return null;

  const ask = (question: Question) => (): void => {
    act.reset();
    onAsk(question);
  };
  const icon = (name: 'play' | 'cross' | 'trash' | 'refresh') => <Icon name={name} size={18} />;
  const question = asking === null ? null : QUESTIONS[asking](job);
  const running = act.isPending ? act.variables : null;
  return (
    <>
      {canStart(job) && (
        <Button
          variant="default"
          leftSection={icon('play')}
          loading={running === 'start'}
          onClick={() => act.mutate('start')}
        >
          Start
        </Button>
      )}
      {canStop(job) && (
        <Button variant="default" leftSection={icon('cross')} onClick={ask('stop')}>
          Stop
        </Button>
      )}
      {!job.ended && (
        <Button
          variant="default"
          leftSection={icon('cross')}
          disabled={job.cancel_requested || job.state === 'rolling_back'}
          onClick={ask('cancel')}
        >
          {job.cancel_requested ? 'Being cancelled' : 'Cancel'}
        </Button>
      )}
      {job.ended && !isReady(job) && job.deleted_at === null && job.leftover === null && (
        <Button
          leftSection={icon('refresh')}
          loading={running === 'retry'}
          onClick={() => act.mutate('retry')}
        >
          Try again
        </Button>
      )}
      {job.ended && holdsMachine(job) && (
        <Button variant="default" color="red" leftSection={icon('trash')} onClick={ask('delete')}>
          Delete
        </Button>
      )}
      {question !== null && asking !== null && (
        <ConfirmDialog
          opened
          onClose={() => onAsk(null)}
          title={question.title}
          consequences={question.consequences}
          action={question.action}
          {...(question.typed === undefined ? {} : { typed: question.typed })}
          onConfirm={() => act.mutate(asking)}
          pending={act.isPending}
          error={act.error}
        />
      )}
    </>
  );
}

type Question = 'stop' | 'cancel' | 'delete';
type Act = Question | 'start' | 'retry';

const ACTS: Readonly<
  Record<Act, { readonly run: (id: string) => Promise<Job>; readonly done: (name: string) => string }>
> = {
  start: { run: (id) => tessera.machines.start(id), done: (name) => `${name} runs.` },
  stop: { run: (id) => tessera.machines.stop(id), done: (name) => `${name} is stopped.` },
  delete: { run: (id) => tessera.machines.delete(id), done: (name) => `${name} is deleted.` },
  cancel: { run: (id) => tessera.jobs.cancel(id), done: (name) => `${name} is being undone.` },
  retry: { run: (id) => tessera.jobs.retry(id), done: (name) => `${name} is being made again.` },
};

interface Asked {
  readonly title: string;
  readonly consequences: readonly string[];
  readonly action: string;
  readonly typed?: string;
}

const QUESTIONS: Readonly<Record<Question, (job: Job) => Asked>> = {
  stop: ({ machine }) => ({
    title: `Stop ${machine.name}?`,
    consequences: [
      'It is switched off at once, as by pulling the plug: what it had not written is lost.',
      ...(machine.ip === null ? [] : [`Whoever is connected to ${machine.ip} is cut off.`]),
      'It keeps its disk and can be started again.',
    ],
    action: 'Stop it',
  }),
  cancel: ({ machine }) => ({
    title: `Cancel making ${machine.name}?`,
    consequences: [
      machine.vmid === null
        ? 'Nothing was made yet.'
        : `Guest ${machine.vmid} on ${machine.node}, as far as it was made, is deleted.`,
    ],
    action: 'Cancel the job',
  }),
  delete: ({ machine, connection, leftover }) => ({
    title: `Delete ${machine.name}?`,
    consequences: [
      leftover === null
        ? `Guest ${machine.vmid} on ${machine.node} (${connection.name}) is stopped and deleted.`
        : `What was left is removed: ${leftover}.`,
      `Its disk of ${machine.disk} GiB goes with it. Nothing brings it back.`,
    ],
    action: 'Delete it',
    typed: machine.name,
  }),
};
