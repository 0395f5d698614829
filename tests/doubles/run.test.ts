import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { runDouble } from '../../src/doubles/run.ts';
import { visit } from './client.ts';

const entry = new URL('../../src/doubles/run.ts', import.meta.url).href;
const children: ChildProcess[] = [];

/** The double as a program of its own; gives its first line. */
async function program(name: string, options: object) {
  const code = `const { runDouble } = await import(${JSON.stringify(entry)}); await runDouble(${JSON.stringify(name)}, ${JSON.stringify(options)});`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, announced: JSON.parse(String(line)) };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('as a program', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'Proxmox announces itself in one line and ends cleanly on %s',
    async (signal) => {
      const { child, announced } = await program('proxmox', { port: 0, release: ['8'], fault: [] });
      expect(announced.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      expect(announced.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      const headers = { Authorization: `PVEAPIToken=${announced.credentials.flowToken.full}` };
      const seen = await visit(announced, '/api2/json/version', { headers });
      expect(seen.body.data.version).toBe('8.4.21');
      child.kill(signal);
      expect((await once(child, 'exit'))[0]).toBe(0);
    },
  );

  test('Foreman announces its logins and tokens', async () => {
    const { announced } = await program('foreman', { http: true, fault: ['OLD_RELEASE'] });
    const pair = Buffer.from(announced.credentials.adminToken.pair).toString('base64');
    const headers = { Authorization: `Basic ${pair}` };
    expect((await visit(announced, '/api/status', { headers })).status).toBe(200);
    expect((await visit(announced, '/api/current_user', { headers })).status).toBe(404);
    expect(announced.credentials.reader).toEqual({ login: 'reader', password: 'changeme' });
  });
});

test.each([
  ['proxmox', { fault: ['NONSENSE'] }, '--fault'],
  ['foreman', { fault: ['PRIVSEP_EMPTY'] }, '--fault'],
  ['proxmox', { release: '6' }, '--release'],
] as const)('%s with %o is refused, naming the flag and what it takes', async (name, options, field) => {
  const refused = await runDouble(name, options);
  expect(refused.ok).toBe(false);
  if (!refused.ok) {
    expect(refused.error.fields?.[0]?.field).toBe(field);
    expect(refused.error.fix).toMatch(/^One of: /);
  }
});
