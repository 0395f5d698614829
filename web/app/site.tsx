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
import { auditSearch } from '../features/audit/filter.ts';
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

interface SignInSearch {
  /** Where to go after signing in: a place of ours. */
  readonly next?: string | undefined;
  /** The same, where a guard sent the browser here: an address on this host, any port. */
  readonly rd?: string | undefined;
  /** The check that ended a sign-in with the provider. */
  readonly refused?: string | undefined;
}

/**
 * Nothing but ours: an address may be anybody's. Each name is given, if only as undefined: the router lays this over
 * what the address says, and a name left out would let it through.
 */
function signInSearch({ next, rd, refused }: Record<string, unknown>): SignInSearch {
  return {
    next: typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : undefined,
    rd: typeof rd === 'string' && isOnThisHost(rd) ? rd : undefined,
    refused: typeof refused === 'string' && /^[a-z_]{1,40}$/.test(refused) ? refused : undefined,
  };
}

function isOnThisHost(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return /^https?:$/.test(protocol) && hostname === location.hostname;
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: signInSearch,
  async beforeLoad({ context, search }) {
    const me = await context.queries.ensureQueryData(sessionQuery);
    if (me !== null)
      throw redirect(search.rd === undefined ? { to: search.next ?? '/' } : { href: search.rd });
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

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('../features/audit/audit-page.tsx'), 'AuditPage'),
});

const routes = createRoute({
  getParentRoute: () => shell,
  path: '/routes',
  component: lazyRouteComponent(() => import('../features/routes/routes-page.tsx'), 'RoutesPage'),
});

const newRoute = createRoute({
  getParentRoute: () => shell,
  path: '/routes/new',
  component: lazyRouteComponent(() => import('../features/routes/route-edit-pages.tsx'), 'NewRoutePage'),
});

const oneRoute = createRoute({
  getParentRoute: () => shell,
  path: '/routes/$name',
  component: lazyRouteComponent(() => import('../features/routes/route-page.tsx'), 'RoutePage'),
});

const editRoute = createRoute({
  getParentRoute: () => shell,
  path: '/routes/$name/edit',
  component: lazyRouteComponent(() => import('../features/routes/route-edit-pages.tsx'), 'EditRoutePage'),
});

const site = root.addChildren([
  signIn,
  setup,
  shell.addChildren([home, routes, newRoute, oneRoute, editRoute, audit]),
]);

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
