import { useMe } from '../../api/session.ts';
import { Page } from '../../ui/page.tsx';

export function HomePage() {
  const me = useMe();
  return (
    <Page title={`Welcome, ${me.user?.name ?? me.username}`} lead="What would you like to do?">
      {null}
    </Page>
  );
}
