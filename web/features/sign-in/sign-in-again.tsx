import { Anchor, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { signInAgain } from '../../api/session.ts';
import { endedSession, forgetSession, resume } from '../../api/session-end.ts';
import { PasswordForm } from './password-form.tsx';

const REASONS: Readonly<Record<string, string>> = {
  token_expired: 'Your session has come to its end.',
  token_revoked: 'Your session was ended, here or by an administrator.',
  owner_disabled: 'Your account was disabled. An administrator can enable it again.',
  invalid_csrf: 'Somebody else signed in with this browser meanwhile.',
};

/** Over whatever page is open, when the server no longer knows the session. The page below keeps all it holds. */
export function SignInAgain() {
  const queries = useQueryClient();
  const ended = useSyncExternalStore(endedSession.subscribe, endedSession.current);
  const leave = (): void => {
    forgetSession();
    queries.clear();
    location.assign('/sign-in');
  };
  return (
    <Modal
      opened={ended !== null}
      onClose={() => resume(false)}
      closeOnClickOutside={false}
      title="Sign in again"
      zIndex={400}
    >
      {ended !== null && (
        <Stack gap="md">
          <Text size="sm">
            {REASONS[ended.code] ?? 'The server no longer knows your session.'} What you typed is still there,
            and what you were doing goes on.
          </Text>
          <PasswordForm
            username={ended.username}
            onSubmit={async (username, password) => {
              await signInAgain(queries, username, password);
              resume(true);
            }}
          />
          <Anchor component="button" type="button" size="sm" onClick={leave}>
            Sign in as somebody else
          </Anchor>
        </Stack>
      )}
    </Modal>
  );
}
