import { Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { signIn } from '../../api/session.ts';
import { Entrance } from '../../ui/entrance.tsx';
import { PasswordForm } from './password-form.tsx';
import { ProviderButton } from './provider-button.tsx';
import { Refusal } from './refusal.tsx';

export function SignInPage() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { next, rd, refused } = useSearch({ from: '/sign-in' });
  return (
    <Entrance title="Sign in">
      <Stack gap="md">
        {refused !== undefined && <Refusal check={refused} />}
        <PasswordForm
          onSubmit={async (username, password) => {
            await signIn(queries, username, password);
            if (rd !== undefined) location.assign(rd);
            else await navigate({ href: next ?? '/' });
          }}
        />
        <ProviderButton returnTo={rd ?? next ?? '/'} />
      </Stack>
    </Entrance>
  );
}
