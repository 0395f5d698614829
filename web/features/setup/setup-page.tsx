import { Button, Code, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { TesseraError } from '../../../src/client/error.ts';
import { sessionQuery } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { Entrance } from '../../ui/entrance.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { ErrorState } from '../../ui/states.tsx';

/** The first evening: whoever can read the server's output makes the first administrator. */
export function SetupPage() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [secret, setSecret] = useState('');
  const [username, setUsername] = useState('admin');
  const [password, setPassword] = useState('');
  const setup = useMutation({
    mutationFn: () =>
      tessera.setup.firstAdministrator(secret.trim(), {
        username: username.trim(),
        password,
        delivery: 'cookie',
      }),
    async onSuccess() {
      queries.clear();
      await queries.fetchQuery(sessionQuery);
      await navigate({ to: '/' });
    },
  });
  const refusal = setup.error;
  const notTheSecret =
    refusal instanceof TesseraError && (refusal.status === 401 || refusal.code === 'malformed_authorization');
  const errors = fieldErrors(refusal);
  return (
    <Entrance
      title="Make the first administrator"
      lead={
        <>
          Tessera printed a one-time secret when it started; it begins with <Code>tsr-</Code>. Whoever has it
          makes the first account, once.
        </>
      }
    >
      <Form onSubmit={() => setup.mutate()}>
        <Stack gap="md">
          <PasswordInput
            label="Bootstrap secret"
            name="bootstrap"
            autoComplete="off"
            required
            withAsterisk={false}
            autoFocus
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
            error={
              notTheSecret
                ? 'This is not the secret of the newest start. Copy it whole from the output.'
                : undefined
            }
          />
          <TextInput
            label="User name"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            error={errors.username}
          />
          <PasswordInput
            label="Password"
            description="At least 10 characters; a sentence is good."
            name="password"
            autoComplete="new-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={errors.password}
          />
          {refusal !== null && !notTheSecret && isBesideFields(refusal, ['username', 'password']) && (
            <ErrorState error={refusal} />
          )}
          <Button type="submit" loading={setup.isPending} fullWidth>
            Make the account and sign in
          </Button>
        </Stack>
      </Form>
    </Entrance>
  );
}
