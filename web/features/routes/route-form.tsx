import {
  Button,
  Card,
  Group,
  List,
  NativeSelect,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Route } from '../../../src/wire/routes.ts';
import { scopesChanged } from '../../api/catalogue.ts';
import { tessera } from '../../api/tessera.ts';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { ErrorState } from '../../ui/states.tsx';
import { levelsOf, NEVER } from './levels.ts';
import { type DraftRule, draftOf, RuleFields, ruleOf } from './rule-fields.tsx';

const SHOWN = ['name', 'connection', 'to', 'host', 'port'];
const DIRECT = '';

/** Makes a route, or changes one. */
export function RouteForm({ route }: { readonly route?: Route }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const connections = useQuery({
    queryKey: ['connections'],
    queryFn: () => tessera.connections.list(),
    enabled: route === undefined,
  });
  const scopes = useQuery({ queryKey: ['scopes'], queryFn: () => tessera.scopes.list() });
  const [name, setName] = useState('');
  const [connection, setConnection] = useState(DIRECT);
  const [to, setTo] = useState('');
  const [host, setHost] = useState(route?.host ?? '');
  const [port, setPort] = useState(route?.port?.toString() ?? '');
  const [presets, setPresets] = useState(route === undefined || route.levels !== null);
  const [rules, setRules] = useState<DraftRule[]>(() => (route?.rules ?? []).map(draftOf));

  const save = useMutation({
    mutationFn() {
      const settings = {
        host: host.trim() === '' ? null : host.trim(),
        port: port.trim() === '' ? null : Number(port),
        presets,
        rules: rules.map(ruleOf),
      };
      if (route !== undefined) return tessera.routes.update(route.name, settings);
      const target = connection === DIRECT ? { to: to.trim() } : { connection };
      return tessera.routes.create({ name: name.trim(), ...target, ...settings });
    },
    async onSuccess(saved) {
      await queries.invalidateQueries({ queryKey: ['routes'] });
      // Its levels are scopes from now on.
      await scopesChanged(queries);
      notifyDone(route === undefined ? `Made the route ${saved.name}` : `Changed ${saved.name}`);
      await navigate({ to: '/routes/$name', params: { name: saved.name } });
    },
  });
  const errors = fieldErrors(save.error);
  const kind = route?.kind ?? connections.data?.items.find((one) => one.name === connection)?.kind ?? 'http';

  return (
    <Form onSubmit={() => save.mutate()}>
      <Stack gap="lg" maw={720}>
        {route === undefined && (
          <Card>
            <Stack gap="md">
              <TextInput
                label="Name"
                description="Becomes part of its address and of its scopes"
                placeholder="lab"
                required
                withAsterisk={false}
                maxLength={40}
                spellCheck={false}
                value={name}
                error={errors.name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <NativeSelect
                label="Leads to"
                description="A connection adds its credential to each call; callers never see it"
                value={connection}
                error={errors.connection}
                onChange={(event) => setConnection(event.currentTarget.value)}
                data={[
                  { value: DIRECT, label: 'an address, without a credential' },
                  ...(connections.data?.items ?? []).map((one) => ({
                    value: one.name,
                    label: `the connection ${one.name}`,
                  })),
                ]}
              />
              {connection === DIRECT && (
                <TextInput
                  label="Address"
                  placeholder="http://127.0.0.1:9000"
                  required
                  withAsterisk={false}
                  spellCheck={false}
                  value={to}
                  error={errors.to}
                  onChange={(event) => setTo(event.currentTarget.value)}
                />
              )}
            </Stack>
          </Card>
        )}
        <Card>
          <Stack gap="md">
            <Title order={2} fz="h4">
              Where it is reached
            </Title>
            <Text size="sm" c="dimmed">
              Below /connect/ on this server. Tools that insist on an address of their own need a host or a
              port.
            </Text>
            <TextInput
              label="Host of its own"
              placeholder="lab.example.com"
              spellCheck={false}
              value={host}
              error={errors.host}
              onChange={(event) => setHost(event.currentTarget.value)}
            />
            <TextInput
              label="Port of its own"
              placeholder="8006"
              inputMode="numeric"
              pattern="[0-9]{1,5}"
              value={port}
              error={errors.port}
              onChange={(event) => setPort(event.currentTarget.value)}
            />
          </Stack>
        </Card>
        <Card>
          <Stack gap="md">
            <Title order={2} fz="h4">
              Who may do what
            </Title>
            <Switch
              label="Presets: a scope for each level"
              checked={presets}
              onChange={(event) => setPresets(event.currentTarget.checked)}
            />
            {presets && (
              <List size="sm" spacing={4}>
                {levelsOf(kind).map(({ level, words }) => (
                  <List.Item key={level}>
                    <b>{level}</b>: {words}
                  </List.Item>
                ))}
                {NEVER[kind] !== undefined && (
                  <List.Item>
                    <b>nobody</b>: {NEVER[kind]}
                  </List.Item>
                )}
              </List>
            )}
            <Text size="sm" c="dimmed">
              Rules of your own come first. {presets ? '' : 'What no rule names is refused.'}
            </Text>
            <RuleFields
              rules={rules}
              onChange={setRules}
              scopes={(scopes.data?.items ?? []).map((scope) => scope.name)}
              errors={errors}
            />
          </Stack>
        </Card>
        {isBesideFields(save.error, SHOWN) && <ErrorState error={save.error} />}
        <Group>
          <Button type="submit" loading={save.isPending}>
            {route === undefined ? 'Make the route' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </Form>
  );
}
