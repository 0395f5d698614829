import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { sessionQuery } from '../api/session.ts';
import { tessera } from '../api/tessera.ts';
import { ErrorState } from '../ui/states.tsx';
import { NotFound } from './not-found.tsx';
import { Shell } from './shell.tsx';

/** The whole site on a page. Each page is a file of its own that is loaded when it is first opened. */

interface Context {
  readonly queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

/** Where to go after signing in: a place of ours and nothing else. */
const nextOf = (search: Record<string, unknown>): { next?: string } =>
  typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? { next: search.next } : {};

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: nextOf,
  async beforeLoad({ context, search }) {
    const me = await context.queries.ensureQueryData(sessionQuery);
    if (me !== null) throw redirect({ to: search.next ?? '/' });
    if ((await tessera.setup.state()).open) throw redirect({ to: '/setup' });
  },
  component: lazyRouteComponent(() => import('../features/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  async beforeLoad() {
    if (!(await tessera.setup.state()).open) throw redirect({ to: '/sign-in' });
  },
  component: lazyRouteComponent(() => import('../features/setup/setup-page.tsx'), 'SetupPage'),
});

/** Everything that only somebody signed in may see. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  async beforeLoad({ context, location }) {
    const me = await context.queries.ensureQueryData(sessionQuery);
    if (me !== null) return;
    const next = location.href === '/' ? {} : { next: location.href };
    throw redirect({ to: '/sign-in', search: next });
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('../features/home/home-page.tsx'), 'HomePage'),
});

const site = root.addChildren([signIn, setup, shell.addChildren([home])]);

export function createSite(queries: QueryClient) {
  return createRouter({
    routeTree: site,
    context: { queries },
    defaultPreload: 'intent',
    defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} onRetry={reset} />,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createSite>;
  }
}
