import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from '../../ui/form.tsx';
import { ErrorState } from '../../ui/states.tsx';

interface PasswordFormProps {
  /** Whose password it is, where that is known. */
  readonly username?: string;
  readonly onSubmit: (username: string, password: string) => Promise<void>;
}

export function PasswordForm({ username, onSubmit }: PasswordFormProps) {
  const [name, setName] = useState(username ?? '');
  const [password, setPassword] = useState('');
  const attempt = useMutation({
    mutationFn: () => onSubmit(name.trim(), password),
    onError: () => setPassword(''),
  });
  return (
    <Form onSubmit={() => attempt.mutate()}>
      <Stack gap="md">
        <TextInput
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          readOnly={username !== undefined}
          autoFocus={username === undefined}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {attempt.error !== null && <ErrorState error={attempt.error} />}
        <Button type="submit" loading={attempt.isPending} fullWidth>
          Sign in
        </Button>
      </Stack>
    </Form>
  );
}
