import { Alert, Button, Card, Code, Group, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Route, RouteVerdict } from '../../../src/wire/routes.ts';
import type { Token } from '../../../src/wire/tokens.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { Icon } from '../../ui/icons.tsx';
import { ErrorState } from '../../ui/states.tsx';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SAMPLES: Readonly<Record<Route['kind'], string>> = {
  proxmox: '/api2/json/nodes',
  foreman: '/api/hosts',
  osmo: '/api/version',
  gafaelfawr: '/auth/api/v1/user-info',
  http: '/',
};

/** So many can be chosen from in a list; the others are tried with `tessera route check`. */
const MOST = 500;

/** Tokens that work: one's own, or everybody's for administrators. */
function useTokens(): readonly Token[] {
  const all = useMay('admin:token');
  const { data = [] } = useQuery({
    queryKey: ['tokens', 'to-try', all],
    async queryFn() {
      const found: Token[] = [];
      for await (const token of tessera.tokens.list(all ? { user: '*' } : {})) {
        if (token.type === 'user' || token.type === 'service') found.push(token);
        if (found.length === MOST) break;
      }
      return found;
    },
  });
  return data;
}

const choiceOf = ({ id, name, username, type }: Token) => ({
  value: id,
  label: name === null ? (type === 'service' ? username : `${id} of ${username}`) : `${name} of ${username}`,
});

/** What would happen to a call; nothing is sent to the system. */
export function TryCall({ route }: { readonly route: Route }) {
  const [method, setMethod] = useState('GET');
  const [path, setPath] = useState(SAMPLES[route.kind]);
  const [token, setToken] = useState('');
  const check = useMutation({
    mutationFn: () => tessera.routes.check(route.name, { method, path, ...(token === '' ? {} : { token }) }),
  });
  const errors = fieldErrors(check.error);
  const tokens = useTokens();
  return (
    <Card
      component="form"
      onSubmit={(event: React.FormEvent) => {
        event.preventDefault();
        check.mutate();
      }}
    >
      <Stack gap="md">
        <div>
          <Title order={2} fz="h4">
            Try a call
          </Title>
          <Text size="sm" c="dimmed">
            Says what would happen and why. Nothing is sent.
          </Text>
        </div>
        <Group align="flex-start" gap="sm" wrap="nowrap">
          <NativeSelect
            label="Method"
            data={METHODS}
            value={method}
            w={110}
            onChange={(event) => setMethod(event.currentTarget.value)}
          />
          <TextInput
            label="Path"
            value={path}
            required
            withAsterisk={false}
            flex={1}
            spellCheck={false}
            error={errors.path}
            onChange={(event) => setPath(event.currentTarget.value)}
          />
        </Group>
        <NativeSelect
          label="With the token"
          data={[{ value: '', label: 'none' }, ...tokens.map(choiceOf)]}
          value={token}
          error={errors.token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={check.isPending} leftSection={<Icon name="play" size={18} />}>
            Try it
          </Button>
        </Group>
        {check.error !== null && <ErrorState error={check.error} />}
        {check.data !== undefined && <Verdict verdict={check.data} />}
      </Stack>
    </Card>
  );
}

function Verdict({ verdict }: { readonly verdict: RouteVerdict }) {
  const { allowed, status, reason, rule, needs, missing, username } = verdict;
  return (
    <Alert
      color={allowed ? 'tile' : 'red'}
      className="break-anywhere"
      styles={{ body: { minWidth: 0 } }}
      icon={<Icon name={allowed ? 'check' : 'cross'} />}
      title={allowed ? 'It would go through' : `It would be refused with ${status}`}
      role="status"
    >
      <Stack gap={6}>
        <Text size="sm" className="break-anywhere">
          {reason}
        </Text>
        {username !== null && <Text size="sm">The token is one of {username}.</Text>}
        {missing.length > 0 && <Names said="Missing:" names={missing} />}
        {needs.map((set) => (
          <Names key={set.join(' ')} said={set.length === 1 ? 'Needs' : 'Needs one of'} names={set} />
        ))}
        {rule !== null && (
          <Text size="sm" className="break-anywhere">
            Decided by <Code>{rule}</Code>
          </Text>
        )}
      </Stack>
    </Alert>
  );
}

const Names = ({ said, names }: { readonly said: string; readonly names: readonly string[] }) => (
  <Group gap={6}>
    <Text span size="sm">
      {said}
    </Text>
    {names.map((name) => (
      <Code key={name}>{name}</Code>
    ))}
  </Group>
);
