import { Modal, Stack, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ChangeToken, TokenDetail } from '../../../src/wire/tokens.ts';
import { useScopes } from '../../api/catalogue.ts';
import { tessera } from '../../api/tessera.ts';
import { ChoiceList } from '../../ui/choice-list.tsx';
import { DialogButtons } from '../../ui/dialog-buttons.tsx';
import { type Expiry, ExpiryPicker, expiryRequest } from '../../ui/expiry-picker.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { ErrorState } from '../../ui/states.tsx';
import { exactTime } from '../../ui/time.tsx';

interface ChangeDialogProps {
  readonly token: TokenDetail;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** What an administrator may change on a token that is in use; its secret stays. */
export const ChangeDialog = ({ token, opened, onClose }: ChangeDialogProps) => (
  <Modal opened={opened} onClose={onClose} title={`Change ${token.name ?? token.id}`} size="lg">
    <ChangeForm token={token} onClose={onClose} />
  </Modal>
);

const SHOWN = ['name', 'description', 'scopes', 'expires_at', 'expires_in'];

function ChangeForm({ token, onClose }: Pick<ChangeDialogProps, 'token' | 'onClose'>) {
  const queries = useQueryClient();
  const scopes = useScopes();
  const [name, setName] = useState(token.name ?? '');
  const [description, setDescription] = useState(token.description);
  const [chosen, setChosen] = useState<readonly string[]>(token.scopes ?? []);
  const [expiry, setExpiry] = useState<Expiry | null>(null);
  const change: ChangeToken = {
    ...(name.trim() === token.name ? {} : { name: name.trim() }),
    ...(description.trim() === token.description ? {} : { description: description.trim() }),
    ...(token.scopes === null || areSame(chosen, token.scopes) ? {} : { scopes: [...chosen] }),
    ...(expiry === null ? {} : expiryRequest(expiry)),
  };
  const save = useMutation({
    mutationFn: () => tessera.tokens.update(token.id, change),
    async onSuccess(after) {
      await queries.invalidateQueries({ queryKey: ['tokens'] });
      notifyDone(`${after.name ?? after.id} is changed; its secret stays the same.`);
      onClose();
    },
  });
  const errors = fieldErrors(save.error);
  return (
    <Form onSubmit={() => save.mutate()}>
      <Stack gap="md">
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          maxLength={64}
          autoComplete="off"
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors.name}
        />
        <TextInput
          label="Description"
          maxLength={500}
          autoComplete="off"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={errors.description}
        />
        <Switch
          label="Give it another end"
          description={
            token.expires_at === null ? 'It never ends now.' : `It ends ${exactTime(token.expires_at)} now.`
          }
          checked={expiry !== null}
          onChange={(event) => setExpiry(event.currentTarget.checked ? { kind: 'days', days: 30 } : null)}
        />
        {expiry !== null && (
          <ExpiryPicker value={expiry} onChange={setExpiry} error={errors.expires_at ?? errors.expires_in} />
        )}
        {token.scopes !== null && (
          <ChoiceList
            label="Scopes"
            description="Programs that use it lose or gain them at once."
            choices={scopes}
            value={chosen}
            onChange={setChosen}
            error={errors.scopes}
          />
        )}
        {isBesideFields(save.error, SHOWN) && <ErrorState error={save.error} />}
        <DialogButtons
          action="Save"
          onCancel={onClose}
          pending={save.isPending}
          disabled={Object.keys(change).length === 0}
        />
      </Stack>
    </Form>
  );
}

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));
