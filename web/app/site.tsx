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

type TokenState = 'active' | 'expired' | 'revoked' | 'all';
type TokenKind = 'user' | 'session' | 'internal' | 'notebook';
const STATES: readonly TokenState[] = ['active', 'expired', 'revoked', 'all'];
const KINDS: readonly TokenKind[] = ['user', 'session', 'internal', 'notebook'];
interface TokenSearch {
  readonly state?: TokenState | undefined;
  readonly kind?: TokenKind | undefined;
  readonly user?: string | undefined;
}

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('../features/home/home-page.tsx'), 'HomePage'),
});

const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/tokens',
  validateSearch: (search: Record<string, unknown>): TokenSearch => ({
    ...(STATES.includes(search.state as TokenState) ? { state: search.state as TokenState } : {}),
    ...(KINDS.includes(search.kind as TokenKind) ? { kind: search.kind as TokenKind } : {}),
    ...(typeof search.user === 'string' ? { user: search.user } : {}),
  }),
  component: lazyRouteComponent(() => import('../features/tokens/tokens-page.tsx'), 'TokensPage'),
});
const newToken = createRoute({
  getParentRoute: () => shell,
  path: '/tokens/new',
  component: lazyRouteComponent(() => import('../features/tokens/new-token-page.tsx'), 'NewTokenPage'),
});
const token = createRoute({
  getParentRoute: () => shell,
  path: '/tokens/$id',
  component: lazyRouteComponent(() => import('../features/tokens/token-page.tsx'), 'TokenPage'),
});
const serviceTokens = createRoute({
  getParentRoute: () => shell,
  path: '/service-tokens',
  component: lazyRouteComponent(
    () => import('../features/tokens/service-tokens-page.tsx'),
    'ServiceTokensPage',
  ),
});
const newServiceToken = createRoute({
  getParentRoute: () => shell,
  path: '/service-tokens/new',
  component: lazyRouteComponent(
    () => import('../features/tokens/new-service-token-page.tsx'),
    'NewServiceTokenPage',
  ),
});

const guard = createRoute({
  getParentRoute: () => shell,
  path: '/guard',
  component: lazyRouteComponent(() => import('../features/guards/guard-page.tsx'), 'GuardPage'),
});
const profile = createRoute({
  getParentRoute: () => shell,
  path: '/profile',
  component: lazyRouteComponent(() => import('../features/profile/profile-page.tsx'), 'ProfilePage'),
});
const users = createRoute({
  getParentRoute: () => shell,
  path: '/users',
  component: lazyRouteComponent(() => import('../features/people/users-page.tsx'), 'UsersPage'),
});
const user = createRoute({
  getParentRoute: () => shell,
  path: '/users/$username',
  component: lazyRouteComponent(() => import('../features/people/user-page.tsx'), 'UserPage'),
});
const roles = createRoute({
  getParentRoute: () => shell,
  path: '/roles',
  component: lazyRouteComponent(() => import('../features/people/roles-page.tsx'), 'RolesPage'),
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

const connections = createRoute({
  getParentRoute: () => shell,
  path: '/connections',
  component: lazyRouteComponent(
    () => import('../features/connections/connections-page.tsx'),
    'ConnectionsPage',
  ),
});

const newConnection = createRoute({
  getParentRoute: () => shell,
  path: '/connections/new',
  component: lazyRouteComponent(
    () => import('../features/connections/new-connection-page.tsx'),
    'NewConnectionPage',
  ),
});

const connection = createRoute({
  getParentRoute: () => shell,
  path: '/connections/$id',
  component: lazyRouteComponent(
    () => import('../features/connections/connection-page.tsx'),
    'ConnectionPage',
  ),
});

interface MachineSearch {
  readonly show?: 'jobs' | undefined;
}

const machines = createRoute({
  getParentRoute: () => shell,
  path: '/machines',
  validateSearch: ({ show }: Record<string, unknown>): MachineSearch =>
    show === 'jobs' ? { show } : { show: undefined },
  component: lazyRouteComponent(() => import('../features/machines/machines-page.tsx'), 'MachinesPage'),
});

const newMachine = createRoute({
  getParentRoute: () => shell,
  path: '/machines/new',
  component: lazyRouteComponent(() => import('../features/machines/new-machine-page.tsx'), 'NewMachinePage'),
});

const templates = createRoute({
  getParentRoute: () => shell,
  path: '/machines/templates',
  validateSearch: ({
    connection,
  }: Record<string, unknown>): { readonly connection?: string | undefined } => ({
    connection: typeof connection === 'string' ? connection : undefined,
  }),
  component: lazyRouteComponent(() => import('../features/machines/templates-page.tsx'), 'TemplatesPage'),
});

const strays = createRoute({
  getParentRoute: () => shell,
  path: '/machines/strays',
  component: lazyRouteComponent(() => import('../features/machines/strays-page.tsx'), 'StraysPage'),
});

const machine = createRoute({
  getParentRoute: () => shell,
  path: '/machines/$id',
  component: lazyRouteComponent(() => import('../features/machines/machine-page.tsx'), 'MachinePage'),
});

const endings = createRoute({
  getParentRoute: () => shell,
  path: '/expiry',
  component: lazyRouteComponent(() => import('../features/endings/endings-page.tsx'), 'EndingsPage'),
});

const site = root.addChildren([
  signIn,
  setup,
  shell.addChildren([
    home,
    tokens,
    newToken,
    token,
    serviceTokens,
    newServiceToken,
    guard,
    profile,
    users,
    user,
    roles,
    connections,
    newConnection,
    connection,
    machines,
    newMachine,
    templates,
    strays,
    machine,
    endings,
    routes,
    newRoute,
    oneRoute,
    editRoute,
    audit,
  ]),
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
