import {
  Card,
  Code,
  Group,
  List,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Tabs,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useState } from 'react';
import { type GuardKind, guardSnippet } from '../../../src/client/snippets/guard-snippet.ts';
import { useScopes } from '../../api/catalogue.ts';
import { ChoiceList } from '../../ui/choice-list.tsx';
import { CodeBlock } from '../../ui/code-block.tsx';
import { Page } from '../../ui/page.tsx';
import { ErrorState } from '../../ui/states.tsx';

const KINDS: readonly { readonly kind: GuardKind; readonly label: string }[] = [
  { kind: 'nginx', label: 'nginx' },
  { kind: 'traefik', label: 'Traefik' },
  { kind: 'caddy', label: 'Caddy' },
];

/** Configuration that makes a reverse proxy ask Tessera before each request. */
export function GuardPage() {
  const scopes = useScopes();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [satisfy, setSatisfy] = useState<'all' | 'any'>('all');
  const [service, setService] = useState('app');
  const [upstream, setUpstream] = useState('http://127.0.0.1:9000');
  const [path, setPath] = useState('/');
  const [kind, setKind] = useState<GuardKind>('nginx');
  const options = { tesseraUrl: location.origin, scopes: chosen, satisfy, service, upstream, path };
  const check = `${location.origin}/ingress/auth${chosen.length === 0 ? '' : `?${chosen.map((scope) => `scope=${scope}`).join('&')}`}`;
  return (
    <Page
      title="Guard a service"
      lead="Your reverse proxy asks Tessera before each request. Whoever brings a token with the right scope gets in; the service sees who it is and never the token."
    >
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        <Card>
          <Stack gap="md">
            <Title order={2} fz="h4">
              What is guarded
            </Title>
            <TextInput
              label="Where the service listens"
              autoComplete="off"
              spellCheck={false}
              value={upstream}
              onChange={(event) => setUpstream(event.currentTarget.value)}
            />
            <Group grow align="flex-end">
              <TextInput
                label="Its name"
                description="In the trail and metrics"
                autoComplete="off"
                spellCheck={false}
                value={service}
                onChange={(event) => setService(event.currentTarget.value)}
              />
              <TextInput
                label="Path"
                description="/ guards all of it"
                autoComplete="off"
                spellCheck={false}
                value={path}
                onChange={(event) => setPath(event.currentTarget.value)}
              />
            </Group>
            <ChoiceList
              label="Scopes that a caller needs"
              description="None chosen: every valid token gets in."
              choices={scopes.map(({ name, description }) => ({ name, description }))}
              value={chosen}
              onChange={(names) => {
                setChosen(names);
                if (names.length < 2) setSatisfy('all');
              }}
            />
            {chosen.length > 1 && (
              <SegmentedControl
                aria-label="How many of the scopes"
                data={[
                  { value: 'all', label: 'All of them' },
                  { value: 'any', label: 'Any one of them' },
                ]}
                value={satisfy}
                onChange={(value) => setSatisfy(value as 'all' | 'any')}
              />
            )}
          </Stack>
        </Card>
        <Stack gap="lg">
          <Card>
            <Tabs
              value={kind}
              onChange={(value) => setKind((value ?? 'nginx') as GuardKind)}
              keepMounted={false}
            >
              <Tabs.List mb="sm">
                {KINDS.map(({ kind: one, label }) => (
                  <Tabs.Tab key={one} value={one}>
                    {label}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              {KINDS.map(({ kind: one, label }) => (
                <Tabs.Panel key={one} value={one}>
                  <Snippet kind={one} label={label} options={options} />
                </Tabs.Panel>
              ))}
            </Tabs>
          </Card>
          <Card>
            <Title order={2} fz="h4" mb="xs">
              Then try it
            </Title>
            <List size="sm" type="ordered" spacing="xs">
              <List.Item>Reload the proxy, and call the service without a token: it answers 401.</List.Item>
              <List.Item>
                Call it with one: <Code>curl -H "Authorization: Bearer $(cat token.txt)"</Code> and its
                address.
              </List.Item>
              <List.Item>Or ask as the proxy does:</List.Item>
            </List>
            <CodeBlock
              label="Copy the command"
              code={`curl -i "${check}" \\\n  -H "Authorization: Bearer $(cat token.txt)" \\\n  -H "X-Original-URL: ${location.origin}/" -H "X-Original-Method: GET"`}
            />
          </Card>
        </Stack>
      </SimpleGrid>
    </Page>
  );
}

interface SnippetProps {
  readonly kind: GuardKind;
  readonly label: string;
  readonly options: Parameters<typeof guardSnippet>[1];
}

/** The configuration, or what of the choices cannot stand in one. */
function Snippet({ kind, label, options }: SnippetProps) {
  let code: string;
  try {
    code = guardSnippet(kind, options);
  } catch (error) {
    return <ErrorState error={error} />;
  }
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        A whole file to start from.
      </Text>
      <CodeBlock code={code} label={`Copy the ${label} configuration`} height={440} />
    </Stack>
  );
}
