import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { signIn } from '../../api/session.ts';
import { Entrance } from '../../ui/entrance.tsx';
import { PasswordForm } from './password-form.tsx';

export function SignInPage() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/sign-in' });
  return (
    <Entrance title="Sign in">
      <PasswordForm
        onSubmit={async (username, password) => {
          await signIn(queries, username, password);
          await navigate({ href: next ?? '/' });
        }}
      />
    </Entrance>
  );
}
