import { Group, Modal, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useRoles } from '../../api/catalogue.ts';
import { tessera } from '../../api/tessera.ts';
import { ChoiceList } from '../../ui/choice-list.tsx';
import { DialogButtons } from '../../ui/dialog-buttons.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { ErrorState } from '../../ui/states.tsx';

interface NewUserDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function NewUserDialog({ opened, onClose }: NewUserDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="New user" size="lg">
      <NewUser onClose={onClose} />
    </Modal>
  );
}

function NewUser({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const roles = useRoles();
  const [username, setUsername] = useState('');
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const create = useMutation({
    mutationFn: () =>
      tessera.users.create({
        username: username.trim(),
        roles: [...chosen],
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...(email.trim() === '' ? {} : { email: email.trim() }),
        ...(password === '' ? {} : { password }),
      }),
    async onSuccess(user) {
      await queries.invalidateQueries({ queryKey: ['users'] });
      notifyDone(`${user.username} can be given tokens now.`);
      onClose();
    },
  });
  const errors = fieldErrors(create.error);
  return (
    <Form onSubmit={() => create.mutate()}>
      <Stack gap="md">
        <TextInput
          label="User name"
          required
          withAsterisk={false}
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          error={errors.username}
        />
        <Group grow align="flex-start">
          <TextInput
            label="Full name"
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errors.name}
          />
          <TextInput
            label="Mail"
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={errors.email}
          />
        </Group>
        <PasswordInput
          label="Password"
          description="To hand over; it is changed on the page of one's own account. Without one, nobody signs in by name."
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={errors.password}
        />
        <ChoiceList
          label="Roles"
          choices={givable(roles)}
          value={chosen}
          onChange={setChosen}
          error={errors.roles}
        />
        {isBesideFields(create.error, ['username', 'name', 'email', 'password', 'roles']) && (
          <ErrorState error={create.error} />
        )}
        <DialogButtons action="Make the user" onCancel={onClose} pending={create.isPending} />
      </Stack>
    </Form>
  );
}

/** Everybody has the role `user` without being given it. */
export const givable = (roles: readonly { name: string; description: string }[]) =>
  roles.filter(({ name }) => name !== 'user').map(({ name, description }) => ({ name, description }));
