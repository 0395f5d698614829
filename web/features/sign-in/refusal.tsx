import { Alert, Code, Text } from '@mantine/core';
import type { SignInCheck } from '../../../src/wire/sessions.ts';
import { Icon } from '../../ui/icons.tsx';

/** By the check that ended a sign-in with the provider: what happened, and the way out. */
const WORDS: Readonly<Record<SignInCheck, readonly [string, string]>> = {
  state: [
    'That sign-in was not begun in this browser',
    'Begin again here, in one tab. Cookies must be allowed.',
  ],
  expired: ['That took more than ten minutes', 'Begin again.'],
  issuer: [
    'The provider is not the one that is set up',
    'An administrator compares TESSERA_OIDC_ISSUER with it.',
  ],
  provider_unavailable: ['The provider does not answer', 'Try again later, or sign in with a password.'],
  provider_refused: [
    'The provider said no',
    'Allow access there, or begin again. If it goes on, ask an administrator.',
  ],
  nonce: ['The provider answered to another sign-in', 'Begin again.'],
  id_token: [
    'What the provider said does not hold',
    'Ask an administrator: the audit trail has the details.',
  ],
  claims: ['The provider did not say who you are', 'Ask an administrator to look at the claims it sends.'],
  email_verified: ['Your e-mail address is not verified', 'Verify it at the provider, and sign in again.'],
  username: [
    'Your name at the provider cannot be a user name here',
    'Ask an administrator to make you a user.',
  ],
  name_taken: [
    'There is a user of your name already',
    'If it is you, sign in with your password, or ask an administrator to link the two.',
  ],
  not_admitted: ['Your account at the provider may not come in here', 'Ask an administrator to let you in.'],
  disabled: ['Your account is disabled', 'Ask an administrator to enable it.'],
};

export function Refusal({ check }: { readonly check: string }) {
  const [title, advice] = WORDS[check as SignInCheck] ?? [
    'Signing in did not work',
    'Begin again. If it goes on, ask an administrator.',
  ];
  return (
    <Alert color="red" icon={<Icon name="warning" />} title={title} role="alert">
      <Text size="sm">{advice}</Text>
      <Text size="xs" className="fault-code" mt={6}>
        Code <Code>{check}</Code>
      </Text>
    </Alert>
  );
}
