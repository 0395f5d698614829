import type { LinkProps } from '@tanstack/react-router';
import type { IconName } from '../ui/icons.tsx';

export interface Entry {
  readonly to: NonNullable<LinkProps['to']>;
  readonly label: string;
  readonly icon: IconName;
  /** Shown to holders of one of these; to everybody where there are none. */
  readonly needs?: readonly string[];
}

export interface Section {
  readonly title: string | null;
  readonly entries: readonly Entry[];
}

/** What stands in the side bar, in this order. */
export const NAVIGATION: readonly Section[] = [
  { title: null, entries: [{ to: '/', label: 'Home', icon: 'home' }] },
  {
    title: 'Tokens',
    entries: [
      { to: '/tokens', label: 'Security tokens', icon: 'key' },
      { to: '/service-tokens', label: 'Service tokens', icon: 'robot', needs: ['admin:token'] },
      { to: '/guard', label: 'Guard a service', icon: 'shield' },
    ],
  },
  {
    title: 'People',
    entries: [
      { to: '/users', label: 'Users', icon: 'users', needs: ['admin:token', 'admin:userinfo'] },
      { to: '/roles', label: 'Roles and scopes', icon: 'tag' },
    ],
  },
  {
    title: 'Systems',
    entries: [
      {
        to: '/connections',
        label: 'Connections',
        icon: 'plug',
        needs: ['read:connections', 'admin:connections'],
      },
      {
        to: '/machines',
        label: 'Machines',
        icon: 'machine',
        needs: ['read:machines', 'write:machines'],
      },
      { to: '/expiry', label: 'Expiry calendar', icon: 'clock' },
    ],
  },
  {
    title: 'Operations',
    entries: [
      { to: '/routes', label: 'Routes', icon: 'route', needs: ['read:connections', 'admin:routes'] },
      { to: '/audit', label: 'Audit', icon: 'audit', needs: ['read:audit'] },
    ],
  },
];
