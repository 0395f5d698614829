import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { broker, closeAll, closing, everyWay, pinned, proxmox, raw } from './support.ts';

/** The console of a guest, as noVNC opens it: a ticket for it first, then a WebSocket with frames both ways. */
afterEach(closeAll);

const GUEST = '/api2/json/nodes/pve/qemu/101';
const OFFER =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary\r\n\r\n';

/** A masked frame of binary data (RFC 6455 section 5.2). */
function frame(text: string): Buffer {
  const mask = [1, 2, 3, 4];
  const masked = [...Buffer.from(text)].map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.from([0x82, 0x80 | text.length, ...mask, ...masked]);
}

test('a console opens by every way to a route, with a token and with a ticket of the connection, and ends with the caller’s token', async () => {
  const server = await broker();
  const pve = await proxmox();
  const { adminToken, administrator } = pve.credentials;
  const credentials = {
    'by-token': { secret: adminToken.full },
    'by-ticket': { method: 'password', user: administrator.user, secret: administrator.password },
  };
  const caller = await server.token('write:sasquatch');
  const open: net.Socket[] = [];
  for (const [name, credential] of Object.entries(credentials)) {
    await server.connection(name, {
      kind: 'proxmox',
      url: pve.url,
      trust: pinned(pve),
      credential,
      test: false,
    });
    const rules = [
      { methods: ['POST'], path: '/api2/*/nodes/*/qemu/*/vncproxy', scopes: ['write:sasquatch'] },
      { methods: ['GET'], path: '/api2/*/nodes/*/qemu/*/vncwebsocket', scopes: ['write:sasquatch'] },
    ];
    const more = { to: undefined, connection: name, rules };
    for (const way of await everyWay(server, '', caller.token, more)) {
      const form = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nwebsocket=1';
      const asked = await raw(way.port, `${way.start('POST', `${GUEST}/vncproxy`)}${form}`);
      expect([way.name, asked.slice(0, 12)]).toEqual([way.name, 'HTTP/1.1 200']);
      const { port, ticket } = JSON.parse(asked.slice(asked.indexOf('\r\n\r\n') + 4)).data;
      const query = `port=${port}&vncticket=${encodeURIComponent(ticket)}`;
      const socket = net.connect(way.port, '127.0.0.1').on('error', () => {});
      open.push(socket);
      socket.write(`${way.start('GET', `${GUEST}/vncwebsocket?${query}`)}${OFFER}`);
      const head = String((await once(socket, 'data'))[0]);
      expect([way.name, head]).toEqual([way.name, expect.stringMatching(/^HTTP\/1\.1 101 /)]);
      expect(head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
      expect(head).toContain('Sec-WebSocket-Protocol: binary\r\n');
      socket.write(frame('hello'));
      const [echoed] = await once(socket, 'data');
      expect(echoed).toEqual(Buffer.concat([Buffer.from([0x82, 5]), Buffer.from('hello')]));
    }
  }
  expect(open).toHaveLength(8);
  const ended = open.map(closing);
  await server.api('DELETE', `/tokens/${caller.id}`);
  await Promise.all(ended);
});
