import type { Clock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Credential, Expectations, Subject } from '../../src/kinds/kind.ts';
import { createOutbound, type OutboundOptions } from '../../src/outbound/client.ts';
import { parseOrigin } from '../../src/outbound/origin.ts';
import type { Trust } from '../../src/outbound/trust.ts';
import { later } from '../support/later.ts';

export { proxmox as proxmoxDouble } from '../support/doubles.ts';
export { closeAll, later } from '../support/later.ts';

export const token = (full: string): Credential => {
  const cut = full.lastIndexOf('=');
  return { method: 'token', identity: full.slice(0, cut), secret: new Secret(full.slice(cut + 1)) };
};

export const password = (login: { readonly user: string; readonly password: string }): Credential => ({
  method: 'password',
  identity: login.user,
  secret: new Secret(login.password),
});

export function outbound(url: string, trust: Trust, more: Partial<OutboundOptions> = {}) {
  const origin = parseOrigin(url);
  if (!origin.ok) throw new Error(origin.error.message);
  return later(createOutbound({ origin: origin.value, trust, ...more }));
}

export function subjectOf(
  double: { readonly url: string; readonly ca: string },
  credential: Credential,
  more: Partial<OutboundOptions> & { readonly clock?: Clock } = {},
): Subject {
  const clock = more.clock ?? Date.now;
  const client = outbound(double.url, more.trust ?? { mode: 'ca', pem: double.ca }, { ...more, clock });
  return { client, credential, clock };
}

/** What the seeded cluster is meant to be used for; all of it holds on a healthy one. */
export const LAB: Expectations = {
  task: 'clone-vm',
  node: 'pve',
  templates: [
    { id: 9000, version: '22.04' },
    { id: 9001, version: '20.04' },
  ],
  storage: 'local-lvm',
  bridge: 'vmbr0',
  diskGib: 20,
  guest: 101,
  guestName: 'test-vm',
};
