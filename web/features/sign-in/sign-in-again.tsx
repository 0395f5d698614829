import { Anchor, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { signInAgain } from '../../api/session.ts';
import { endedSession, forgetSession, renewedElsewhere, resume } from '../../api/session-end.ts';
import { PasswordForm } from './password-form.tsx';
import { ProviderButton } from './provider-button.tsx';

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
  // The provider's page opens in another tab, so that this one keeps what it holds; on the way back we look.
  useEffect(() => {
    if (ended === null) return;
    const look = async (): Promise<void> => {
      if (!(await renewedElsewhere().catch(() => false))) return;
      await queries.invalidateQueries({ refetchType: 'none' });
      resume(true);
    };
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
  }, [ended, queries]);
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
          <ProviderButton returnTo="/" apart />
          <Anchor component="button" type="button" size="sm" onClick={leave}>
            Sign in as somebody else
          </Anchor>
        </Stack>
      )}
    </Modal>
  );
}
