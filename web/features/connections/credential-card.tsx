import {
  Button,
  Card,
  Group,
  Modal,
  PasswordInput,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { ConnectionKind } from '../../../src/wire/connection-parts.ts';
import type { Connection } from '../../../src/wire/connections.ts';
import { tessera } from '../../api/tessera.ts';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { DialogButtons } from '../../ui/dialog-buttons.tsx';
import { Facts } from '../../ui/facts.tsx';
import { fieldErrors, isBesideFields } from '../../ui/field-errors.ts';
import { Form } from '../../ui/form.tsx';
import { notifyDone, notifyFault } from '../../ui/notify.ts';
import { Time } from '../../ui/time.tsx';
import { CredentialFields } from './credential-fields.tsx';
import { credentialOf, firstMethod, type TypedCredential } from './kinds.ts';

interface CredentialCardProps {
  readonly connection: Connection;
  readonly manages: boolean;
}

/** Kinds whose tokens Tessera itself can renew and revoke. */
const RENEWS: ReadonlySet<ConnectionKind> = new Set(['proxmox', 'foreman', 'osmo', 'gafaelfawr']);

type Doing = 'replace' | 'rotate' | 'revoke';

/** The credential a connection holds, by everything but its secret. */
export function CredentialCard({ connection, manages }: CredentialCardProps) {
  const queries = useQueryClient();
  const [doing, setDoing] = useState<Doing | null>(null);
  const { id, kind, method, identity, credential_version, credential_expires_at } = connection;
  const renewed = async (said: string): Promise<void> => {
    setDoing(null);
    await queries.invalidateQueries({ queryKey: ['connections'] });
    notifyDone(said);
  };
  const fallback = useMutation({
    mutationFn: (enabled: boolean) =>
      tessera.connections.update(id, { fallback_enabled: enabled, test: false }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['connections'] }),
    onError: notifyFault,
  });
  const canRenew = RENEWS.has(kind) && method !== null && method !== 'password';
  const close = () => setDoing(null);
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} fz="h4">
          Credential
        </Title>
        <Facts
          facts={[
            ['Kind', method ?? 'none is stored'],
            ['Of', identity],
            ['Ends', <Time key="ends" at={credential_expires_at} never="never, or not told" />],
            ['Version', method === null ? null : `${credential_version}, sealed`],
          ]}
        />
        {connection.has_fallback && (
          <Switch
            label={`Use the password of ${connection.fallback_identity ?? ''} after a refusal`}
            description="Each use is recorded and shown"
            checked={connection.fallback_enabled}
            disabled={!manages || fallback.isPending}
            onChange={(event) => fallback.mutate(event.currentTarget.checked)}
          />
        )}
        {manages && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setDoing('replace')}>
              {method === null ? 'Give it a credential' : 'Replace it'}
            </Button>
            {canRenew && (
              <Button variant="default" onClick={() => setDoing('rotate')}>
                Rotate
              </Button>
            )}
            {canRenew && (
              <Button variant="default" color="red" onClick={() => setDoing('revoke')}>
                Revoke it there
              </Button>
            )}
          </Group>
        )}
      </Stack>
      <Modal opened={doing === 'replace'} onClose={close} title="Replace the credential">
        <Replace
          connection={connection}
          onCancel={close}
          onDone={() => renewed('The new credential works and is stored; the old one is forgotten here.')}
        />
      </Modal>
      <Modal opened={doing === 'rotate'} onClose={close} title="Rotate the credential">
        <WithAdmin
          action="Rotate"
          onCancel={close}
          run={(admin) => tessera.connections.rotate(id, admin)}
          onDone={() => renewed('Rotated: the new secret is stored, the old one is refused.')}
        >
          Tessera makes a new secret at the system, stores it, and has the old one revoked. Nobody sees it. If
          the token may not do that for itself, give an administrator's login: it is used once and kept
          nowhere.
        </WithAdmin>
      </Modal>
      <Modal opened={doing === 'revoke'} onClose={close} title="Revoke it at the system?">
        <WithAdmin
          action="Revoke it"
          danger
          onCancel={close}
          run={(admin) => tessera.connections.revokeCredential(id, admin)}
          onDone={() => renewed('Revoked at the system and forgotten here.')}
        >
          It ends at {connection.origin} for everybody who has it, and Tessera forgets it. Routes to this
          connection refuse until it gets another one.
        </WithAdmin>
      </Modal>
    </Card>
  );
}

interface ReplaceProps {
  readonly connection: Connection;
  readonly onCancel: () => void;
  readonly onDone: () => void;
}

function Replace({ connection, onCancel, onDone }: ReplaceProps) {
  const { id, kind } = connection;
  const [typed, setTyped] = useState<TypedCredential>({
    method: connection.method ?? firstMethod(kind),
    user: connection.identity ?? '',
    name: connection.method === 'header' ? (connection.identity ?? '') : '',
    secret: '',
  });
  const save = useMutation({
    mutationFn: () => tessera.connections.update(id, { credential: credentialOf(typed, kind), test: true }),
    onSuccess: onDone,
  });
  return (
    <Form onSubmit={() => save.mutate()}>
      <Stack gap="md">
        <Text size="sm">It is tested first; if it does not work, the present one stays.</Text>
        <CredentialFields kind={kind} value={typed} onChange={setTyped} errors={fieldErrors(save.error)} />
        {isBesideFields(save.error, ['credential.secret', 'secret', 'credential']) && (
          <DiagnosedError error={save.error} />
        )}
        <DialogButtons action="Test and store it" onCancel={onCancel} pending={save.isPending} />
      </Stack>
    </Form>
  );
}

interface WithAdminProps {
  readonly action: string;
  readonly danger?: boolean;
  readonly onCancel: () => void;
  readonly run: (request: {
    admin?: { method: 'password'; user: string; secret: string };
  }) => Promise<unknown>;
  readonly onDone: () => void;
  readonly children: ReactNode;
}

function WithAdmin({ action, danger, onCancel, run, onDone, children }: WithAdminProps) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const work = useMutation({
    mutationFn: () =>
      run(user.trim() === '' ? {} : { admin: { method: 'password', user: user.trim(), secret: password } }),
    onSuccess: onDone,
  });
  return (
    <Form onSubmit={() => work.mutate()}>
      <Stack gap="md">
        <Text size="sm">{children}</Text>
        <TextInput
          label="Administrator (optional)"
          placeholder="root@pam, or admin"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password of the administrator"
          autoComplete="off"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          disabled={user.trim() === ''}
        />
        {work.error !== null && <DiagnosedError error={work.error} />}
        <DialogButtons action={action} onCancel={onCancel} pending={work.isPending} grave={danger === true} />
      </Stack>
    </Form>
  );
}
