import { PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import type { ConnectionKind } from '../../../src/wire/connection-parts.ts';
import { KINDS, type TypedCredential, takenApart } from './kinds.ts';

interface CredentialFieldsProps {
  readonly kind: ConnectionKind;
  readonly value: TypedCredential;
  readonly onChange: (value: TypedCredential) => void;
  readonly errors: Readonly<Record<string, string | undefined>>;
}

const METHODS: Partial<Record<ConnectionKind, { value: TypedCredential['method']; label: string }[]>> = {
  proxmox: [
    { value: 'token', label: 'API token' },
    { value: 'password', label: 'Password' },
  ],
  http: [
    { value: 'bearer', label: 'Bearer token' },
    { value: 'basic', label: 'Name and password' },
    { value: 'header', label: 'Header' },
  ],
};

/** What is typed here lives in the page's memory only, and goes with it. */
export function CredentialFields({ kind, value, onChange, errors }: CredentialFieldsProps) {
  const methods = METHODS[kind];
  const set = (part: Partial<TypedCredential>): void => onChange({ ...value, ...part });
  const words = wordsOf(kind, value.method);
  return (
    <Stack gap="md">
      {methods !== undefined && (
        <SegmentedControl
          aria-label="Kind of credential"
          data={methods}
          value={value.method}
          onChange={(method) => set({ method: method as TypedCredential['method'], secret: '' })}
        />
      )}
      {value.method === 'password' && (
        <Text size="sm">
          A token is better: it can hold fewer rights, end, and be revoked alone. A refused password is never
          sent twice.
        </Text>
      )}
      {words.user !== null && (
        <TextInput
          label={words.user}
          placeholder={words.userExample}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={value.user}
          onChange={(event) => set({ user: event.currentTarget.value })}
          error={errors['credential.user'] ?? errors.user}
        />
      )}
      {value.method === 'header' && (
        <TextInput
          label="Header"
          placeholder="X-Api-Key"
          autoComplete="off"
          spellCheck={false}
          value={value.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={errors['credential.name'] ?? errors.name}
        />
      )}
      <PasswordInput
        label={words.secret}
        description={words.hint}
        autoComplete="off"
        required
        withAsterisk={false}
        value={value.secret}
        onChange={(event) => onChange(takenApart({ ...value, secret: event.currentTarget.value }, kind))}
        error={errors['credential.secret'] ?? errors.secret ?? errors.credential}
      />
    </Stack>
  );
}

interface Words {
  readonly user: string | null;
  readonly userExample: string;
  readonly secret: string;
  readonly hint: string;
}

function wordsOf(kind: ConnectionKind, method: TypedCredential['method']): Words {
  const { whereFrom } = KINDS[kind];
  const user = (label: string | null, userExample: string, secret: string, hint: string): Words => ({
    user: label,
    userExample,
    secret,
    hint,
  });
  if (kind === 'proxmox')
    return method === 'token'
      ? user(
          'Token id',
          'user@realm!name',
          'Secret of the token',
          `The whole user@realm!name=secret may be pasted here. From: ${whereFrom}`,
        )
      : user('User', 'root@pam', 'Password', 'Kept exactly as typed, blanks included');
  if (kind === 'foreman')
    return user(
      'Login',
      'inventory',
      'Personal access token',
      `login:token may be pasted here. From: ${whereFrom}`,
    );
  if (method === 'basic') return user('Name', '', 'Password', 'Sent as Basic');
  if (method === 'header') return user(null, '', 'Value of the header', '');
  return user(null, '', 'Token', `From: ${whereFrom}`);
}
