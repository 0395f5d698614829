import { Alert, Button, Card, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useScopes } from '../../api/catalogue.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { ChoiceList } from '../../ui/choice-list.tsx';
import { type Expiry, ExpiryPicker, endSentence, expiryRequest } from '../../ui/expiry-picker.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { Icon } from '../../ui/icons.tsx';
import { BackLink, ButtonLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { ErrorState, PermissionDenied } from '../../ui/states.tsx';
import { UseOnce } from './use-once.tsx';
import { meaningOf } from './words.ts';

const FIELDS = ['username', 'description', 'scopes', 'expires_at', 'expires_in'];

export function NewServiceTokenPage() {
  const allowed = useMay('admin:token');
  return allowed ? (
    <NewServiceToken />
  ) : (
    <Page title="New service token">
      <PermissionDenied scopes={['admin:token']} />
    </Page>
  );
}

function NewServiceToken() {
  const scopes = useScopes();
  const queries = useQueryClient();
  const [username, setUsername] = useState('bot-');
  const [description, setDescription] = useState('');
  const [expiry, setExpiry] = useState<Expiry>({ kind: 'days', days: 365 });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const create = useMutation({
    mutationFn: () =>
      tessera.tokens.createService({
        username: username.trim(),
        scopes: [...chosen],
        ...(description.trim() === '' ? {} : { description: description.trim() }),
        ...expiryRequest(expiry),
      }),
    gcTime: 0,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  });
  if (create.data !== undefined)
    return (
      <Page title={`Token of ${create.data.details.username} is made`} back={<Back />}>
        <UseOnce made={create.data} list="/service-tokens" />
      </Page>
    );
  const errors = fieldErrors(create.error);
  const end = endSentence(expiry);
  return (
    <Page
      title="New service token"
      lead="For a program that belongs to nobody: it acts as a bot, with just the scopes it is given."
      back={<Back />}
    >
      <Form onSubmit={() => create.mutate()}>
        <Stack gap="lg">
          <Card>
            <Stack gap="md">
              <TextInput
                label="Bot"
                description="Its name begins with bot- and is made if it is new: bot-metrics."
                required
                withAsterisk={false}
                autoFocus
                maxLength={64}
                autoComplete="off"
                spellCheck={false}
                value={username}
                onChange={(event) => setUsername(event.currentTarget.value)}
                error={errors.username}
              />
              <TextInput
                label="Description"
                description="What it is for, and who to ask."
                maxLength={500}
                autoComplete="off"
                value={description}
                onChange={(event) => setDescription(event.currentTarget.value)}
                error={errors.description}
              />
              <ExpiryPicker
                value={expiry}
                onChange={setExpiry}
                error={errors.expires_at ?? errors.expires_in}
              />
            </Stack>
          </Card>
          <Card>
            <ChoiceList
              label="Scopes"
              choices={scopes.map(({ name, description: meaning }) => ({ name, description: meaning }))}
              value={chosen}
              onChange={setChosen}
              error={errors.scopes}
            />
          </Card>
          <Alert
            icon={<Icon name="info" />}
            color={chosen.length === 0 ? 'gray' : 'tile'}
            title="What you are about to make"
          >
            {chosen.length === 0
              ? 'Nothing yet: choose at least one scope.'
              : `Whoever holds this token can ${meaningOf(chosen, scopes)}, as ${username.trim()}, and nothing else. ${end}`}
          </Alert>
          {isBesideFields(create.error, FIELDS) && <ErrorState error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending} disabled={chosen.length === 0}>
              Make the token
            </Button>
            <ButtonLink to="/service-tokens" variant="default">
              Cancel
            </ButtonLink>
          </Group>
        </Stack>
      </Form>
    </Page>
  );
}

const Back = () => <BackLink to="/service-tokens">Service tokens</BackLink>;
