import { afterEach, describe, expect, test } from 'vitest';
import type { TestLine } from '../../src/wire/diagnosis.ts';
import { bench, closeAll, foreman, pinned, proxmox, proxmoxTarget } from './support.ts';

afterEach(closeAll);

const linesOf = (text: string): TestLine[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a test that is watched', () => {
  test('tells each layer as it is looked at, findings as they are found, and the report last', async () => {
    const [server, double] = [await bench(), await proxmox({ faults: ['TEMPLATES_NONE'] })];
    const watched = await server.api('POST', '/connections/test/watch', {
      ...proxmoxTarget(double),
      expect: { task: 'clone-vm' },
    });
    expect(watched.status, watched.text).toBe(200);
    expect(watched.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = linesOf(watched.text);
    const layers = lines.flatMap((line) => ('layer' in line ? [line.layer] : []));
    expect(layers).toEqual(['format', 'dns', 'tcp', 'tls', 'product', 'authentication', 'rights', 'objects']);
    expect(lines.at(-1)).toMatchObject({ report: { findings: [{ code: 'TEMPLATES_NONE' }] } });
    expect(watched.text).not.toContain(double.credentials.flowToken.secret);
  });

  test('stops at the layer that explains it, and what is stored is written down', async () => {
    const [server, double] = [await bench(), await foreman()];
    const { inventoryToken } = double.credentials;
    await server.api('POST', '/connections', {
      name: 'lab',
      kind: 'foreman',
      url: double.url,
      trust: pinned(double),
      credential: { user: inventoryToken.login, secret: inventoryToken.token },
    });
    await double.setFault('TOKEN_REFUSED', true);
    const lines = linesOf((await server.api('POST', '/connections/lab/test/watch', {})).text);
    expect(lines.flatMap((line) => ('layer' in line ? [line.layer] : [])).at(-1)).toBe('authentication');
    expect(lines.at(-1)).toMatchObject({ report: { ok: false, exit_code: 4 } });
    expect((await server.api('GET', '/connections/lab')).json.state).toBe('failed');
  });

  test('is refused before it begins where it cannot be made', async () => {
    const server = await bench();
    const values = { kind: 'http', url: 'https://a:b@example.com', credential: { secret: 'x' } };
    const refused = await server.api('POST', '/connections/test/watch', values);
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ field: 'url' }] } });
    expect((await server.api('POST', '/connections/nowhere/test/watch', {})).status).toBe(404);
    expect((await server.call('POST', '/api/v1/connections/test/watch', { body: values })).status).toBe(401);
    await server.user('mallory');
    const { json } = await server.call('POST', '/api/v1/sessions', {
      body: { username: 'mallory', password: 'correct horse battery staple' },
    });
    const denied = await server.api('POST', '/connections/test/watch', values, json.token);
    expect(denied.status).toBe(403);
  });
});
