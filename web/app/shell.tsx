import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { sessionQuery } from '../api/session.ts';
import { SignInAgain } from '../features/sign-in/sign-in-again.tsx';
import { Icon, Mark } from '../ui/icons.tsx';
import { Loading } from '../ui/states.tsx';
import { NAVIGATION } from './navigation.ts';
import classes from './shell.module.css';
import { UserMenu } from './user-menu.tsx';

/** The frame around everything that is seen signed in. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const { data: me } = useQuery(sessionQuery);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  useEffect(() => {
    if (me === null) void navigate({ to: '/sign-in' });
  }, [me, navigate]);
  if (me === null || me === undefined) return null;

  const sections = NAVIGATION.map(({ title, entries }) => ({
    title,
    entries: entries.filter(
      ({ needs = [] }) => needs.length === 0 || needs.some((scope) => me.scopes.includes(scope)),
    ),
  })).filter(({ entries }) => entries.length > 0);

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="lg"
      classNames={{ header: classes.bar ?? '', navbar: classes.bar ?? '' }}
    >
      <a href="#content" className="skip-link">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? 'Close the navigation' : 'Open the navigation'}
              aria-expanded={opened}
            />
            <Link to="/" className={classes.brand} aria-label="Tessera, home">
              <Mark />
              <Text fw={700} fz="lg">
                Tessera
              </Text>
            </Link>
          </Group>
          <UserMenu me={me} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label="Pages" p="sm">
        <ScrollArea type="never" flex={1} mih={0}>
          {sections.map(({ title, entries }) => (
            <div key={title ?? ''} className={classes.section}>
              {title !== null && (
                <Text fz="xs" fw={600} c="dimmed" px="sm" mb={4}>
                  {title}
                </Text>
              )}
              {entries.map(({ to, label, icon }) => {
                const active = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
                return (
                  <NavLink
                    key={to}
                    component={Link}
                    to={to}
                    label={label}
                    leftSection={<Icon name={icon} />}
                    active={active}
                    aria-current={active ? 'page' : undefined}
                    onClick={close}
                    className={classes.link ?? ''}
                  />
                );
              })}
            </div>
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        <div className={classes.content}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </div>
      </AppShell.Main>
      <SignInAgain />
    </AppShell>
  );
}
