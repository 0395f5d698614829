import type { Sample } from './sample.ts';

/**
 * Every page, for what holds for all of them: that it has no serious finding for screen readers in both themes, that
 * what strangers stored in it runs nothing, and its picture under docs/screenshots. A new page is a new row; what it
 * shows comes from `sample.ts`.
 */
export interface PageRow {
  /** Name of its picture. */
  readonly name: string;
  readonly path: string | ((sample: Sample) => string);
  /** Its level-one heading. */
  readonly heading: string | RegExp;
  /** Seen before signing in. */
  readonly open?: true;
}

export const PAGES: readonly PageRow[] = [
  { name: 'sign-in', path: '/sign-in', heading: 'Sign in', open: true },
  { name: 'home', path: '/', heading: /^Welcome/ },
  { name: 'tokens', path: '/tokens', heading: 'Security tokens' },
  { name: 'tokens-all', path: '/tokens?state=all&user=*', heading: 'Security tokens' },
  { name: 'token-new', path: '/tokens/new', heading: 'New token' },
  { name: 'token', path: (sample) => `/tokens/${sample.token}`, heading: 'backup on nas' },
  { name: 'service-tokens', path: '/service-tokens', heading: 'Service tokens' },
  { name: 'service-token-new', path: '/service-tokens/new', heading: 'New service token' },
  { name: 'guard', path: '/guard', heading: 'Guard a service' },
  { name: 'users', path: '/users', heading: 'Users' },
  { name: 'user', path: '/users/maya', heading: 'maya' },
  { name: 'roles', path: '/roles', heading: 'Roles and scopes' },
  { name: 'profile', path: '/profile', heading: 'Your account' },
  { name: 'routes', path: '/routes', heading: 'Routes' },
  { name: 'route', path: '/routes/lab', heading: 'lab' },
  { name: 'route-change', path: '/routes/lab/edit', heading: 'Change lab' },
  { name: 'route-new', path: '/routes/new', heading: 'New route' },
  { name: 'audit', path: '/audit', heading: 'Audit' },
  { name: 'connections', path: '/connections', heading: 'Connections' },
  { name: 'connection-new', path: '/connections/new', heading: 'Connect a system' },
  { name: 'connection', path: (sample) => `/connections/${sample.connection}`, heading: 'pve-lab' },
  { name: 'machines', path: '/machines', heading: 'Machines' },
  { name: 'jobs', path: '/machines?show=jobs', heading: 'Machines' },
  { name: 'machine-new', path: '/machines/new', heading: 'New machine' },
  { name: 'machine', path: (sample) => `/machines/${sample.machine}`, heading: 'web-1' },
  { name: 'job-failed', path: (sample) => `/machines/${sample.job}`, heading: 'build-7' },
  { name: 'templates', path: '/machines/templates', heading: 'Templates' },
  { name: 'strays', path: '/machines/strays', heading: 'Strays' },
  { name: 'expiry', path: '/expiry', heading: 'Expiry calendar' },
  { name: 'not-found', path: '/no/such/page', heading: 'Not found' },
];

export const addressOf = ({ path }: PageRow, sample: Sample): string =>
  typeof path === 'string' ? path : path(sample);
