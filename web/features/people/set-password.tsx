import { Button, Card, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { tessera } from '../../api/tessera.ts';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { ErrorState } from '../../ui/states.tsx';

/** An administrator gives somebody a new password. */
export function SetPassword({ username }: { readonly username: string }) {
  const [password, setPassword] = useState('');
  const set = useMutation({
    mutationFn: () => tessera.users.setPassword(username, { password }),
    onSuccess() {
      setPassword('');
      notifyDone(`${username} has a new password.`);
    },
  });
  return (
    <Card>
      <Title order={2} fz="h4" mb="xs">
        Set a password
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        It ends the sessions of {username}; tokens stay.
      </Text>
      <Form onSubmit={() => set.mutate()}>
        <Stack gap="sm">
          <PasswordInput
            label="New password"
            autoComplete="new-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={fieldErrors(set.error).password}
          />
          {isBesideFields(set.error, ['password']) && <ErrorState error={set.error} />}
          <Button type="submit" variant="default" loading={set.isPending} disabled={password === ''}>
            Set it
          </Button>
        </Stack>
      </Form>
    </Card>
  );
}
