import { Modal, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role } from '../../../src/wire/people.ts';
import { useScopes } from '../../api/catalogue.ts';
import { tessera } from '../../api/tessera.ts';
import { ChoiceList } from '../../ui/choice-list.tsx';
import { DialogButtons } from '../../ui/dialog-buttons.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { ErrorState } from '../../ui/states.tsx';

interface RoleDialogProps {
  /** Null: closed. */
  readonly role: Role | 'new' | null;
  readonly onClose: () => void;
}

export function RoleDialog({ role, onClose }: RoleDialogProps) {
  const old = role === null || role === 'new' ? null : role;
  return (
    <Modal
      opened={role !== null}
      onClose={onClose}
      title={old === null ? 'New role' : `Change ${old.name}`}
      size="lg"
    >
      <RoleForm old={old} onClose={onClose} />
    </Modal>
  );
}

function RoleForm({ old, onClose }: { readonly old: Role | null; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const scopes = useScopes();
  const [name, setName] = useState(old?.name ?? '');
  const [description, setDescription] = useState(old?.description ?? '');
  const [chosen, setChosen] = useState<readonly string[]>(old?.scopes ?? []);
  const save = useMutation({
    mutationFn: () => {
      const wanted = { description: description.trim(), scopes: [...chosen] };
      return old === null
        ? tessera.roles.create({ name: name.trim(), ...wanted })
        : tessera.roles.update(old.name, wanted);
    },
    async onSuccess(role) {
      await queries.invalidateQueries({ queryKey: ['roles'] });
      notifyDone(
        old === null
          ? `The role ${role.name} can be given now.`
          : `Everybody with ${role.name} follows at once.`,
      );
      onClose();
    },
  });
  const errors = fieldErrors(save.error);
  return (
    <Form onSubmit={() => save.mutate()}>
      <Stack gap="md">
        {old === null && (
          <TextInput
            label="Name"
            required
            withAsterisk={false}
            maxLength={64}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errors.name ?? errors.role}
          />
        )}
        <TextInput
          label="Description"
          maxLength={500}
          autoComplete="off"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={errors.description}
        />
        <ChoiceList
          label="Scopes"
          choices={scopes.map((scope) => ({ name: scope.name, description: scope.description }))}
          value={chosen}
          onChange={setChosen}
          error={errors.scopes}
        />
        {isBesideFields(save.error, ['name', 'role', 'description', 'scopes']) && (
          <ErrorState error={save.error} />
        )}
        <DialogButtons
          action={old === null ? 'Make the role' : 'Save'}
          onCancel={onClose}
          pending={save.isPending}
        />
      </Stack>
    </Form>
  );
}
