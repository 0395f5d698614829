import net, { type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { parseOrigin } from '../outbound/origin.ts';
import { createLines, type Lines } from './lines.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** Lines to a name whose addresses are told one list after another; every dial lands at a server of this machine. */
async function linesOf(...told: string[][]) {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const dialled: string[] = [];
  let asked = 0;
  const origin = parseOrigin('http://pve.lab.example');
  if (!origin.ok) throw new Error(origin.error.message);
  const lines: Lines = createLines({
    origin: origin.value,
    trust: { mode: 'system' },
    clock: systemClock,
    network: {
      resolve: async () => told[Math.min(asked++, told.length - 1)] ?? [],
      connect(address): Socket {
        dialled.push(address);
        return net.connect(port, '127.0.0.1');
      },
    },
  });
  open.push(lines, server);
  return { lines, dialled, asked: () => asked };
}

test('the address that was judged is the one that is dialled, though the name has changed its mind by then', async () => {
  const { lines, dialled, asked } = await linesOf(['10.0.0.5'], ['169.254.169.254']);
  const first = await lines.dial();
  expect([first.ok, dialled, asked()]).toEqual([true, ['10.0.0.5'], 1]);
  const second = await lines.dial();
  expect(second.ok ? null : second.error.code).toBe('address_forbidden');
  expect(dialled).toEqual(['10.0.0.5']);
  if (first.ok) first.value.socket.destroy();
});

test('among several addresses of a name, those that are never dialled are left out', async () => {
  const { lines, dialled } = await linesOf([
    '169.254.169.254',
    '127.0.0.1',
    '::ffff:169.254.169.254',
    '10.0.0.5',
  ]);
  const made = await lines.dial();
  expect([made.ok, dialled]).toEqual([true, ['10.0.0.5']]);
  if (made.ok) made.value.socket.destroy();
});

test('a name that turns to this machine itself is not followed there', async () => {
  const { lines, dialled } = await linesOf(['127.0.0.1', '::1']);
  const made = await lines.dial();
  expect(made.ok ? null : made.error.code).toBe('address_forbidden');
  expect(dialled).toEqual([]);
});
