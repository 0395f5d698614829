import { Button, Card, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { TesseraError } from '../../../src/client/error.ts';
import { signInAgain } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { ErrorState } from '../../ui/states.tsx';

export function PasswordChange({ username }: { readonly username: string }) {
  const queries = useQueryClient();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    async mutationFn() {
      await tessera.users.setPassword(username, { old_password: old, password: next });
      // It ends every session, this one too; whoever knows both passwords is not sent to the door.
      await signInAgain(queries, username, next);
    },
    onSuccess() {
      setOld('');
      setNext('');
      notifyDone('Your password is changed. All your other sessions have ended.');
    },
  });
  const wrong = change.error instanceof TesseraError && change.error.code === 'bad_credentials';
  return (
    <Card>
      <Title order={2} fz="h4" mb="sm">
        Change your password
      </Title>
      <Form onSubmit={() => change.mutate()}>
        <Stack gap="sm">
          {/* For password managers, which want to know whose it is. */}
          <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
          <PasswordInput
            label="Present password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={old}
            onChange={(event) => setOld(event.currentTarget.value)}
            error={wrong ? 'This is not your present password.' : undefined}
          />
          <PasswordInput
            label="New password"
            description="At least 10 characters; a sentence is good."
            autoComplete="new-password"
            required
            withAsterisk={false}
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
            error={fieldErrors(change.error).password}
          />
          {!wrong && isBesideFields(change.error, ['password']) && <ErrorState error={change.error} />}
          <Text size="sm" c="dimmed">
            Your other sessions end; tokens stay as they are.
          </Text>
          <Button type="submit" loading={change.isPending} disabled={old === '' || next === ''}>
            Change the password
          </Button>
        </Stack>
      </Form>
    </Card>
  );
}
