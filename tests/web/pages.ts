/**
 * Every page, for what holds for all of them: that it has no serious finding for screen readers in both themes, that
 * what strangers stored in it runs nothing, and its picture under docs/screenshots. A new page is a new row.
 */
export interface PageRow {
  /** Name of its picture. */
  readonly name: string;
  readonly path: string;
  /** Its level-one heading. */
  readonly heading: string | RegExp;
  /** Seen before signing in. */
  readonly open?: true;
}

export const PAGES: readonly PageRow[] = [
  { name: 'sign-in', path: '/sign-in', heading: 'Sign in', open: true },
  { name: 'home', path: '/', heading: /^Welcome/ },
  { name: 'routes', path: '/routes', heading: 'Routes' },
  { name: 'route-new', path: '/routes/new', heading: 'New route' },
  { name: 'audit', path: '/audit', heading: 'Audit' },
  { name: 'not-found', path: '/no/such/page', heading: 'Not found' },
];
