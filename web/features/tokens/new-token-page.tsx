import { Alert, Button, Card, Group, Input, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role, Scope } from '../../../src/wire/people.ts';
import { useRoles, useScopes } from '../../api/catalogue.ts';
import { useMay, useMe } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { ChoiceList } from '../../ui/choice-list.tsx';
import { type Expiry, ExpiryPicker, endSentence, expiryRequest } from '../../ui/expiry-picker.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { Icon } from '../../ui/icons.tsx';
import { BackLink, ButtonLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { UseOnce } from './use-once.tsx';
import { listed, meaningOf } from './words.ts';

type Width = 'all' | 'scopes' | 'roles';
const FIELDS = ['name', 'description', 'user', 'roles', 'scopes', 'expires_at', 'expires_in'];

export function NewTokenPage() {
  const me = useMe();
  const scopes = useScopes();
  const roles = useRoles();
  const mayForOthers = useMay('admin:token');
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [user, setUser] = useState(me.username);
  const [expiry, setExpiry] = useState<Expiry>({ kind: 'days', days: 30 });
  const [width, setWidth] = useState<Width>('scopes');
  const [chosenScopes, setScopes] = useState<readonly string[]>([]);
  const [chosenRoles, setRoles] = useState<readonly string[]>([]);
  const create = useMutation({
    mutationFn: () =>
      tessera.tokens.create({
        name: name.trim(),
        ...(description.trim() === '' ? {} : { description: description.trim() }),
        ...(user.trim() === me.username ? {} : { user: user.trim() }),
        ...(width === 'scopes' ? { scopes: [...chosenScopes] } : {}),
        ...(width === 'roles' ? { roles: [...chosenRoles] } : {}),
        ...expiryRequest(expiry),
      }),
    // The secret stays with this page and goes with it.
    gcTime: 0,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  });

  if (create.data !== undefined)
    return (
      <Page title={`Token ${create.data.details.name ?? ''} is made`} back={<Back />}>
        <UseOnce made={create.data} list="/tokens" />
      </Page>
    );

  const forMyself = user.trim() === me.username;
  const errors = fieldErrors(create.error);
  const nothingChosen =
    (width === 'scopes' && chosenScopes.length === 0) || (width === 'roles' && chosenRoles.length === 0);
  return (
    <Page
      title="New token"
      lead="For one script or one program. It acts in your name, with what you choose here."
      back={<Back />}
    >
      <Form onSubmit={() => create.mutate()}>
        <Stack gap="lg">
          <Card>
            <Stack gap="md">
              <TextInput
                label="Name"
                description="What uses it, and where: backup on nas, laptop, ci of the website."
                required
                withAsterisk={false}
                maxLength={64}
                autoFocus
                autoComplete="off"
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                error={errors.name}
              />
              <TextInput
                label="Description"
                description="Whatever helps whoever finds it in a year."
                maxLength={500}
                autoComplete="off"
                value={description}
                onChange={(event) => setDescription(event.currentTarget.value)}
                error={errors.description}
              />
              {mayForOthers && (
                <TextInput
                  label="Owner"
                  description="Administrators may make tokens for somebody else."
                  required
                  withAsterisk={false}
                  maxLength={64}
                  autoComplete="off"
                  spellCheck={false}
                  value={user}
                  onChange={(event) => setUser(event.currentTarget.value)}
                  error={errors.user ?? errors.username}
                />
              )}
              <ExpiryPicker
                value={expiry}
                onChange={setExpiry}
                error={errors.expires_at ?? errors.expires_in}
              />
            </Stack>
          </Card>
          <Card>
            <Stack gap="md">
              <Input.Wrapper label="What may it do?" labelElement="div">
                <SegmentedControl
                  display="flex"
                  maw={420}
                  mt={6}
                  aria-label="What may it do?"
                  data={[
                    { value: 'scopes', label: 'Scopes' },
                    { value: 'roles', label: 'Roles' },
                    { value: 'all', label: 'All I may' },
                  ]}
                  value={width}
                  onChange={(value) => setWidth(value as Width)}
                />
              </Input.Wrapper>
              {width === 'scopes' && (
                <ChoiceList
                  label="Scopes"
                  choices={scopes
                    .filter((scope) => me.scopes.includes(scope.name))
                    .map((scope) => ({ name: scope.name, description: scope.description }))}
                  value={chosenScopes}
                  onChange={setScopes}
                  error={errors.scopes}
                />
              )}
              {width === 'roles' && (
                <ChoiceList
                  label="Roles"
                  description="What a role holds may change; the token follows, as long as its owner has the role."
                  choices={roles
                    .filter((role) => !forMyself || me.roles.includes(role.name))
                    .map((role) => ({ name: role.name, description: role.description }))}
                  value={chosenRoles}
                  onChange={setRoles}
                  error={errors.roles}
                />
              )}
            </Stack>
          </Card>
          <Alert
            icon={<Icon name="info" />}
            color={nothingChosen ? 'gray' : 'tile'}
            title="What you are about to make"
          >
            {sentence({
              owner: user.trim(),
              forMyself,
              width,
              chosenScopes,
              chosenRoles,
              scopes,
              roles,
              expiry,
            })}
          </Alert>
          {isBesideFields(create.error, FIELDS) && <ErrorState error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending} disabled={nothingChosen || name.trim() === ''}>
              Make the token
            </Button>
            <ButtonLink to="/tokens" variant="default">
              Cancel
            </ButtonLink>
          </Group>
        </Stack>
      </Form>
    </Page>
  );
}

interface Choices {
  readonly owner: string;
  readonly forMyself: boolean;
  readonly width: Width;
  readonly chosenScopes: readonly string[];
  readonly chosenRoles: readonly string[];
  readonly scopes: readonly Scope[];
  readonly roles: readonly Role[];
  readonly expiry: Expiry;
}

/** What the token will be able to do, said plainly. */
function sentence(choices: Choices): string {
  const { owner, forMyself, width, chosenScopes, chosenRoles, scopes, roles, expiry } = choices;
  if (width === 'scopes' && chosenScopes.length === 0) return 'Nothing yet: choose at least one scope.';
  if (width === 'roles' && chosenRoles.length === 0) return 'Nothing yet: choose at least one role.';
  const whose = forMyself ? 'your' : `${owner}'s`;
  const end = endSentence(expiry);
  const shrinks = `It loses at once what ${forMyself ? 'you lose' : `${owner} loses`}, and never gains anything.`;
  if (width === 'all')
    return `Whoever holds this token can do all that ${forMyself ? 'you' : owner} may do now, in ${whose} name. ${shrinks} ${end}`;
  if (width === 'scopes')
    return `Whoever holds this token can ${meaningOf(chosenScopes, scopes)}, in ${whose} name, and nothing else. ${shrinks} ${end}`;
  const held = [
    ...new Set(roles.filter(({ name }) => chosenRoles.includes(name)).flatMap((role) => role.scopes)),
  ];
  return `Whoever holds this token can do what the ${chosenRoles.length === 1 ? 'role' : 'roles'} ${listed(chosenRoles)} ${chosenRoles.length === 1 ? 'holds' : 'hold'}, in ${whose} name: today ${meaningOf(held, scopes)}. ${end}`;
}

const Back = () => <BackLink to="/tokens">Security tokens</BackLink>;
