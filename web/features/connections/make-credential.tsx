import { Button, Group, List, PasswordInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { TrustInput } from '../../../src/wire/connection-trust.ts';
import { tessera } from '../../api/tessera.ts';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { ButtonLink } from '../../ui/links.tsx';

interface MakeCredentialProps {
  readonly kind: 'proxmox' | 'foreman';
  readonly url: string;
  readonly trust: TrustInput | null;
  /** What the token is for: it gets the rights of this and no others. */
  readonly task: string | null;
  /** A name for the connection. */
  readonly suggested: string;
  readonly onBack: () => void;
}

const SHOWN = ['store_as', 'wish.name', 'wish.user', 'name', 'user'];

/** Has the system make a token, with an administrator's login that is used once and kept nowhere. */
export function MakeCredential({ kind, url, trust, task, suggested, onBack }: MakeCredentialProps) {
  const queries = useQueryClient();
  const [admin, setAdmin] = useState('');
  const [password, setPassword] = useState('');
  const [user, setUser] = useState('');
  const [token, setToken] = useState('tessera');
  const [name, setName] = useState(suggested);
  const make = useMutation({
    mutationFn: () =>
      tessera.connections.makeCredential({
        kind,
        url,
        ...(trust === null ? {} : { trust }),
        admin: { method: 'password', user: admin.trim(), secret: password },
        wish: {
          name: token.trim(),
          ...(user.trim() === '' ? {} : { user: user.trim() }),
          ...(task === null || kind !== 'proxmox' ? {} : { task }),
        },
        store_as: name.trim(),
      }),
    // Accepted or refused, a password is sent once.
    onSettled: () => setPassword(''),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['connections'] }),
  });
  const errors = fieldErrors(make.error);
  const made = make.data;
  if (made?.connection)
    return (
      <Stack gap="sm" role="status">
        <Text fw={600}>{made.identity} is made, sealed and stored. Nobody saw its secret.</Text>
        <List size="sm">
          {made.done.map((step) => (
            <List.Item key={step} className="break-anywhere">
              {step}
            </List.Item>
          ))}
        </List>
        <Group>
          <ButtonLink to="/connections/$id" params={{ id: made.connection.id }}>
            Open {made.connection.name}
          </ButtonLink>
        </Group>
      </Stack>
    );
  const plain = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false } as const;
  const needed = { ...plain, required: true, withAsterisk: false } as const;
  return (
    <Form onSubmit={() => make.mutate()}>
      <Stack gap="md">
        <Text size="sm">
          Tessera logs in once, makes a token with just the rights it needs, stores that, and forgets the
          login.
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            {...needed}
            label="Administrator"
            placeholder={kind === 'proxmox' ? 'root@pam' : 'admin'}
            value={admin}
            onChange={(event) => setAdmin(event.currentTarget.value)}
          />
          <PasswordInput
            {...needed}
            label="Password of the administrator"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <TextInput
            {...needed}
            label="Name of the new token"
            value={token}
            error={errors['wish.name'] ?? errors.name}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <TextInput
            {...plain}
            label="For whom"
            placeholder={kind === 'proxmox' ? 'a user of its own' : 'the administrator'}
            value={user}
            error={errors['wish.user'] ?? errors.user}
            onChange={(event) => setUser(event.currentTarget.value)}
          />
          <TextInput
            {...needed}
            label="Name of the connection"
            value={name}
            error={errors.store_as}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        </SimpleGrid>
        {isBesideFields(make.error, SHOWN) && <DiagnosedError error={make.error} />}
        <Group>
          <Button type="submit" loading={make.isPending}>
            Make and store it
          </Button>
          <Button variant="subtle" onClick={onBack}>
            I have one already
          </Button>
        </Group>
      </Stack>
    </Form>
  );
}
