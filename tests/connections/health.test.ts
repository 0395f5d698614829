import { afterAll, expect, test } from 'vitest';
import { bench, closeAll, pinned, proxmox } from './support.ts';

afterAll(closeAll);

test('/health says which systems there are and how their certificates are checked, to those who may know; down or not', async () => {
  const server = await bench();
  const pve = await proxmox();
  const { full } = pve.credentials.flowToken;
  const until = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '');
  for (const [name, trust] of [
    ['by-authority', { mode: 'ca', ca: pve.ca }],
    ['by-pin', pinned(pve)],
    ['unchecked', { mode: 'none', reason: 'a lab', until }],
  ] as const) {
    const body = { name, kind: 'proxmox', url: pve.url, trust, credential: { secret: full } };
    const made = await server.api('POST', '/connections', body);
    expect(made.status, made.text).toBe(201);
  }
  await pve.setFault('REFUSED', true);
  const { url } = pve;
  const all = [
    { name: 'by-authority', kind: 'proxmox', url, certificate: 'verified' },
    { name: 'by-pin', kind: 'proxmox', url, certificate: 'pinned' },
    { name: 'unchecked', kind: 'proxmox', url, certificate: 'not_verified' },
  ];
  const health = (token?: string) => server.call('GET', '/health', token === undefined ? {} : { token });
  const asked = pve.requests.length;
  const known = await health(server.admin);
  expect(known.json).toEqual({ status: 'healthy', connections: all });
  expect([known.status, known.headers.get('cache-control'), pve.requests.length]).toEqual([
    200,
    'no-store',
    asked,
  ]);
  const nobody = await server.user('nobody', ['user']);
  for (const token of [undefined, nobody, `${server.admin}x`, 'not a token']) {
    const answer = await health(token);
    expect([answer.status, answer.json]).toEqual([200, { status: 'healthy' }]);
  }
  await server.api('POST', '/roles', { name: 'looker', description: 'looks', scopes: ['read:connections'] });
  const looker = await server.user('looker', ['looker']);
  expect((await health(looker)).json.connections).toEqual(all);
});
