import { Modal, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { scopesChanged } from '../../api/catalogue.ts';
import { tessera } from '../../api/tessera.ts';
import { DialogButtons } from '../../ui/dialog-buttons.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { ErrorState } from '../../ui/states.tsx';

interface NewScopeDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function NewScopeDialog({ opened, onClose }: NewScopeDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Register a scope">
      <NewScope onClose={onClose} />
    </Modal>
  );
}

function NewScope({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const create = useMutation({
    mutationFn: () => tessera.scopes.create({ name: name.trim(), description: description.trim() }),
    async onSuccess(scope) {
      await scopesChanged(queries);
      notifyDone(`${scope.name} can be given to roles and tokens now.`);
      onClose();
    },
  });
  const errors = fieldErrors(create.error);
  return (
    <Form onSubmit={() => create.mutate()}>
      <Stack gap="md">
        <TextInput
          label="Name"
          description="By custom a verb and a thing: read:grafana."
          required
          withAsterisk={false}
          maxLength={128}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors.name ?? errors.scope}
        />
        <TextInput
          label="What it allows"
          description="Goes on with: whoever holds it can ..."
          required
          withAsterisk={false}
          maxLength={500}
          autoComplete="off"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={errors.description}
        />
        {isBesideFields(create.error, ['name', 'scope', 'description']) && (
          <ErrorState error={create.error} />
        )}
        <DialogButtons action="Register" onCancel={onClose} pending={create.isPending} />
      </Stack>
    </Form>
  );
}
