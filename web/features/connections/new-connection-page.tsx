import { Alert, Button, Group, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ConnectionKind } from '../../../src/wire/connection-parts.ts';
import type { Inspection, TrustInput } from '../../../src/wire/connection-trust.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { BackLink } from '../../ui/links.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { PermissionDenied } from '../../ui/states.tsx';
import classes from './connections.module.css';
import { CredentialFields } from './credential-fields.tsx';
import { credentialOf, firstMethod, KINDS, type TypedCredential, wholeAddress } from './kinds.ts';
import { MakeCredential } from './make-credential.tsx';
import { TrustStep } from './trust-step.tsx';
import { useWatchedTest, WatchedTest } from './watched-test.tsx';
import { WizardSection } from './wizard-section.tsx';

type Step = 'system' | 'trust' | 'credential' | 'save';
const ORDER: readonly Step[] = ['system', 'trust', 'credential', 'save'];

const blank = (kind: ConnectionKind): TypedCredential => ({
  method: firstMethod(kind),
  user: '',
  name: '',
  secret: '',
});

/** From an address to a stored connection: trust before credentials, a test before anything is kept. */
export function NewConnectionPage() {
  const may = useMay('admin:connections');
  const back = <BackLink to="/connections">Connections</BackLink>;
  return (
    <Page
      title="Connect a system"
      lead="Nothing is sent before you decided about trust, and nothing is stored before a test has passed."
      back={back}
    >
      {may ? <Wizard /> : <PermissionDenied scopes={['admin:connections']} />}
    </Page>
  );
}

function Wizard() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { data: facts } = useQuery({
    queryKey: ['connection-kinds'],
    queryFn: () => tessera.connections.kinds(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [step, setStep] = useState<Step>('system');
  const [kind, setKind] = useState<ConnectionKind>('proxmox');
  const [address, setAddress] = useState('');
  const [seen, setSeen] = useState<Inspection | null>(null);
  const [trust, setTrust] = useState<TrustInput | null>(null);
  const [credential, setCredential] = useState(blank('proxmox'));
  const [task, setTask] = useState<string | null>('clone-vm');
  const [path, setPath] = useState('');
  const [name, setName] = useState('');
  /** What was refused as it stands: never sent a second time. */
  const [refused, setRefused] = useState<TypedCredential | null>(null);
  const [making, setMaking] = useState(false);
  const { watched, watch, clear } = useWatchedTest();

  const url = wholeAddress(address, kind);
  const tasks = facts?.items.find((one) => one.kind === kind)?.tasks ?? [];
  const values = {
    kind,
    url,
    ...(trust === null ? {} : { trust }),
    credential: credentialOf(credential, kind),
    expect: {
      ...(task === null || !tasks.some((one) => one.name === task) ? {} : { task }),
      ...(kind === 'http' && path.trim() !== '' ? { path: path.trim() } : {}),
    },
  };

  const look = useMutation({
    mutationFn: () => tessera.connections.inspect({ url }),
    onSuccess(inspection) {
      setSeen(inspection);
      if (url.startsWith('http://')) {
        setTrust(null);
        setStep('credential');
      } else if (inspection.chain.length > 0) setStep('trust');
    },
  });
  const save = useMutation({
    mutationFn: () => tessera.connections.create({ ...values, name: name.trim(), test: true }),
    async onSuccess({ connection }) {
      await queries.invalidateQueries({ queryKey: ['connections'] });
      notifyDone(`${connection.name} is stored.`);
      await navigate({ to: '/connections/$id', params: { id: connection.id } });
    },
  });
  const test = async (): Promise<void> => {
    save.reset();
    const report = await watch(tessera.connections.watchValues(values));
    if (report === null) return;
    if (report.ok) {
      setName((before) => before || nameFrom(url));
      setStep('save');
    } else if (report.layers.some((one) => one.layer === 'authentication' && one.state === 'failed'))
      setRefused(credential);
  };
  const stateOf = (one: Step) =>
    one === step ? 'current' : ORDER.indexOf(one) < ORDER.indexOf(step) ? 'done' : 'waiting';
  const again = (to: Step) => () => {
    clear();
    setStep(to);
  };
  const isRepeat =
    refused !== null &&
    (credential.method === 'password' || kind === 'foreman') &&
    refused.user === credential.user &&
    refused.secret === credential.secret;
  const lookErrors = fieldErrors(look.error);
  const saveErrors = fieldErrors(save.error);

  return (
    <Stack gap="md" maw={860}>
      <WizardSection
        number={1}
        title="Which system?"
        state={stateOf('system')}
        summary={`${KINDS[kind].title} at ${url}`}
        onChange={again('system')}
      >
        <Form onSubmit={() => look.mutate()}>
          <Stack gap="md">
            <Radio.Group
              label="Kind"
              value={kind}
              onChange={(value) => {
                const next = value as ConnectionKind;
                setKind(next);
                setCredential(blank(next));
                setTask(next === 'proxmox' ? 'clone-vm' : next === 'foreman' ? 'inventory' : null);
              }}
            >
              <div className={classes.kinds}>
                {Object.entries(KINDS).map(([value, words]) => (
                  <Radio.Card
                    key={value}
                    value={value}
                    className={classes.kind ?? ''}
                    aria-label={words.title}
                  >
                    <Group gap="sm" wrap="nowrap" align="flex-start">
                      <Radio.Indicator />
                      <div>
                        <Text fw={600}>{words.title}</Text>
                        <Text size="sm" c="dimmed">
                          {words.about}
                        </Text>
                      </div>
                    </Group>
                  </Radio.Card>
                ))}
              </div>
            </Radio.Group>
            <TextInput
              label="Address"
              description={
                address.trim() === '' || url === address.trim()
                  ? 'As in the browser; a name or an address is enough'
                  : `Used as ${url}`
              }
              placeholder={KINDS[kind].address}
              required
              withAsterisk={false}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              inputMode="url"
              value={address}
              onChange={(event) => setAddress(event.currentTarget.value)}
              error={lookErrors.url}
            />
            {isBesideFields(look.error, ['url']) && <DiagnosedError error={look.error} />}
            {look.data !== undefined && look.data.chain.length === 0 && !url.startsWith('http://') && (
              <Alert color="red" title="It does not answer as it should" role="alert">
                {look.data.reason} Nothing was sent. Look at the address and the port.
              </Alert>
            )}
            <Group>
              <Button type="submit" loading={look.isPending}>
                Look at it
              </Button>
            </Group>
          </Stack>
        </Form>
      </WizardSection>

      <WizardSection
        number={2}
        title="Is it really that one?"
        state={stateOf('trust')}
        summary={trust === null ? 'Not encrypted: there is nothing to check' : TRUST_WORDS[trust.mode]}
        {...(seen !== null && seen.chain.length > 0 ? { onChange: again('trust') } : {})}
      >
        {seen !== null && (
          <TrustStep
            kind={kind}
            url={url}
            inspection={seen}
            onDecided={(decided) => {
              setTrust(decided);
              clear();
              setStep('credential');
            }}
          />
        )}
      </WizardSection>

      <WizardSection
        number={3}
        title="With which credential?"
        state={stateOf('credential')}
        summary={`${credential.user || 'A token'}; tested and good`}
        onChange={again('credential')}
      >
        {making && (kind === 'proxmox' || kind === 'foreman') ? (
          <MakeCredential
            kind={kind}
            url={url}
            trust={trust}
            task={task}
            suggested={nameFrom(url)}
            onBack={() => setMaking(false)}
          />
        ) : (
          <>
            <Form onSubmit={() => void test()}>
              <Stack gap="md">
                {url.startsWith('http://') && (
                  <Alert color="orange" title="The address is not encrypted">
                    Whoever listens on the way reads the credential.
                  </Alert>
                )}
                <CredentialFields
                  kind={kind}
                  value={credential}
                  onChange={(next) => {
                    setCredential(next);
                    if (!watched.running) clear();
                  }}
                  errors={fieldErrors(watched.error)}
                />
                {tasks.length > 0 && (
                  <Select
                    label="What should it be able to do?"
                    description="Its rights are compared with what this needs"
                    data={tasks.map((one) => ({ value: one.name, label: `${one.name}: ${one.description}` }))}
                    value={task}
                    onChange={setTask}
                    clearable
                    placeholder="Nothing in particular"
                  />
                )}
                {kind === 'http' && (
                  <TextInput
                    label="Path to test"
                    description="Answers 2xx to a good credential; without one only network and certificate are tested"
                    placeholder="/v1/me"
                    value={path}
                    onChange={(event) => setPath(event.currentTarget.value)}
                    error={fieldErrors(watched.error)['expect.path']}
                  />
                )}
                <Group>
                  <Button type="submit" loading={watched.running} disabled={isRepeat}>
                    {watched.report === null ? 'Test it' : 'Test again'}
                  </Button>
                  {(kind === 'proxmox' || kind === 'foreman') && (
                    <Button variant="subtle" onClick={() => setMaking(true)}>
                      Have one made
                    </Button>
                  )}
                  {isRepeat && (
                    <Text size="sm" c="dimmed">
                      This was refused. It is not sent a second time: accounts get locked. Change it first.
                    </Text>
                  )}
                </Group>
              </Stack>
            </Form>
            <WatchedTest watched={watched} />
          </>
        )}
      </WizardSection>

      <WizardSection number={4} title="Store it" state={stateOf('save')}>
        <WatchedTest watched={watched} />
        <Form onSubmit={() => save.mutate()}>
          <Stack gap="md">
            <TextInput
              label="Name"
              description="How you will speak of it, here and on the command line"
              required
              withAsterisk={false}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={saveErrors.name}
            />
            {isBesideFields(save.error, ['name']) && <DiagnosedError error={save.error} />}
            <Group>
              <Button type="submit" loading={save.isPending}>
                Seal and store it
              </Button>
            </Group>
          </Stack>
        </Form>
      </WizardSection>
    </Stack>
  );
}

const TRUST_WORDS: Readonly<Record<TrustInput['mode'], string>> = {
  system: 'By an authority this server knows',
  pin: 'By exactly the certificate shown',
  ca: 'By an authority of your own',
  none: 'Not checked',
};

/** `pve.lab.example` of `https://pve.lab.example:8006`. */
function nameFrom(url: string): string {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return '';
  }
}
