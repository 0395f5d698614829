import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { exchange, open, visit } from './client.ts';
import { asToken, asUser, type Session, startQuick } from './proxmox-support.ts';

let double: ProxmoxDouble;
let eight: ProxmoxDouble;
let seven: ProxmoxDouble;
let admin: Session;
let authorization: string;

beforeAll(async () => {
  [double, eight, seven] = await Promise.all([
    startQuick(),
    startQuick({ release: '8.2' }),
    startQuick({ release: '7' }),
  ]);
  admin = asToken(double, double.credentials.adminToken);
  authorization = `Authorization: PVEAPIToken=${double.credentials.adminToken.full}`;
});

afterAll(() => Promise.all([double, eight, seven].map((one) => one.close())));

const raw = (head: string, body = ''): Promise<string> =>
  exchange(double, `${head}\r\nHost: pve\r\n${authorization}\r\nConnection: close\r\n\r\n${body}`);

describe('requests', () => {
  test('a chunked body is refused with 501', async () => {
    const answer = await raw(
      'POST /api2/json/access/roles HTTP/1.1\r\nTransfer-Encoding: chunked',
      '8\r\nroleid=x\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 501 chunked transfer encoding not supported\r\n/);
  });

  test.each(['HEAD', 'PATCH', 'OPTIONS'])('%s is no method here', async (method) => {
    const answer = await raw(`${method} /api2/json/version HTTP/1.1`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 501 method '${method}' not available\r\n`));
  });

  test.each(['GET', 'DELETE'])('%s with a body is refused with 501', async (method) => {
    const answer = await raw(
      `${method} /api2/json/pools HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3`,
      'a=b',
    );
    expect(answer).toContain(`501 Unexpected content for method '${method}'`);
  });

  test('63 header lines are read, 64 get silence and a closed connection', async () => {
    const head = (lines: number): string =>
      ['GET /api2/json/version HTTP/1.1', authorization, 'Connection: close']
        .concat(Array.from({ length: lines - 2 }, (_none, index) => `X-${index}: 1`))
        .join('\r\n')
        .concat('\r\n\r\n');
    expect(await exchange(double, head(63))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await exchange(double, head(64))).toBe('');
  });

  test('more than 8 KiB of headers get silence and a closed connection', async () => {
    expect(await raw(`GET /api2/json/version HTTP/1.1\r\nX-Long: ${'x'.repeat(9000)}`)).toBe('');
  });

  test('a body above the limit of the release is refused with 501', async () => {
    const body = `comment=${'x'.repeat(70_000)}`;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const old = await asToken(eight, eight.credentials.adminToken)('/access/roles', { body, headers });
    expect([old.status, old.reason]).toEqual([501, 'for data too large']);
    expect((await admin('/access/roles', { body, headers })).status).toBe(400);
    const huge = await admin('/pools', { body: `comment=${'x'.repeat(530_000)}`, headers });
    expect([huge.status, huge.reason]).toEqual([501, 'for data too large']);
  });

  test('an unknown body type is refused with 506', async () => {
    const seen = await admin('/pools', { body: '<a/>', headers: { 'Content-Type': 'text/xml' } });
    expect(seen.status).toBe(506);
  });

  test('an empty POST with length 0 and without a type is accepted', async () => {
    const seen = await admin('/nodes/pve/qemu/9000/status/start', {
      method: 'POST',
      headers: { 'Content-Length': 0 },
    });
    expect(seen.status).toBe(200);
  });

  test('a form value ends at its second equals sign, and a semicolon separates', async () => {
    const seen = await admin('/access/users/admin@pve/token/cut', {
      body: 'comment=a=b=c;expire=77',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(seen.body.data.info).toMatchObject({ comment: 'a', expire: '77' });
  });

  test('a percent-encoded value arrives whole', async () => {
    const seen = await admin('/access/users/admin@pve/token/whole', { form: { comment: 'a=b=c;d&e+f g' } });
    expect(seen.body.data.info.comment).toBe('a=b=c;d&e+f g');
  });

  test('the query wins over the body, and neither may contradict the path', async () => {
    const won = await admin('/access/users/admin@pve/token/won?comment=query', { form: { comment: 'body' } });
    expect(won.body.data.info.comment).toBe('query');
    const contradiction = await admin('/access/users/admin@pve/token/x1', { form: { tokenid: 'x2' } });
    expect(contradiction.status).toBe(400);
    expect(contradiction.body.errors.tokenid).toContain('already defined in URI');
  });

  test('a repeated name is an array from release 8 and joined text in 7', async () => {
    const body = 'comment=a&comment=b';
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const path = '/access/users/admin@pve/token/twice';
    const nine = await admin(path, { body, headers });
    expect([nine.status, nine.body.errors.comment]).toEqual([
      400,
      "type check ('string') failed - got ARRAY",
    ]);
    const old = await asToken(seven, seven.credentials.adminToken)(path, { body, headers });
    expect(old.body.data.info.comment).toBe('a\0b');
  });

  test('broken JSON is 500, before release 8.4 it was 501', async () => {
    const options = { body: '{', headers: { 'Content-Type': 'application/json' } };
    expect((await admin('/pools', options)).status).toBe(500);
    const old = await asToken(eight, eight.credentials.adminToken)('/pools', options);
    expect([old.status, old.text]).toEqual([501, '']);
  });

  test('JSON bodies are read as well', async () => {
    const seen = await admin('/access/users/admin@pve/token/json', { json: { expire: 5, privsep: 0 } });
    expect(seen.body.data.info).toEqual({ expire: 5, privsep: 0 });
  });

  test('a trailing slash before the query does not matter', async () => {
    expect((await admin('/nodes/pve/qemu/101/?purge=1', { method: 'DELETE' })).reason).toBe(
      'VM 101 is running - destroy failed',
    );
  });
});

describe('answers', () => {
  test('carry the headers of the Proxmox daemon, with Expires equal to Date', async () => {
    const { headers } = await admin('/version');
    expect(headers).toMatchObject({
      server: 'pve-api-daemon/3.0',
      'cache-control': 'max-age=0',
      pragma: 'no-cache',
      connection: 'Keep-Alive',
      'content-type': 'application/json;charset=UTF-8',
    });
    expect(headers.expires).toBe(headers.date);
  });

  test('through the privileged daemon come with two Connection headers', async () => {
    const seen = await admin('/nodes/pve/storage');
    const values = seen.rawHeaders.filter((_value, index) => seen.rawHeaders[index - 1] === 'Connection');
    expect(values).toEqual(['close', 'Keep-Alive']);
  });

  test('with an error close the connection', async () => {
    expect((await admin('/nothing')).headers.connection).toBe('close');
  });

  test('are compressed when asked and long enough, without Vary', async () => {
    const long = await admin('/access/roles', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(long.headers['content-encoding']).toBe('gzip');
    expect(long.headers.vary).toBeUndefined();
    expect(Number(long.headers['content-length'])).toBe(long.bytes.length);
    expect(JSON.parse(gunzipSync(long.bytes).toString()).data.length).toBeGreaterThan(10);
    const short = await admin('/version', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(short.headers['content-encoding']).toBeUndefined();
  });

  test('end the connection at the hundredth request', async () => {
    const socket = open(double);
    const one = `GET /api2/json/version HTTP/1.1\r\nHost: pve\r\n${authorization}\r\n\r\n`;
    const text = await new Promise<string>((resolve) => {
      let seen = '';
      socket.on('data', (chunk) => {
        seen += chunk.toString();
        const answered = seen.split('HTTP/1.1 200').length - 1;
        if (seen.endsWith('}') && answered < 150) socket.write(one);
      });
      socket.on('close', () => resolve(seen));
      socket.on('error', () => undefined);
      socket.write(one);
    });
    expect(text.split('HTTP/1.1 200').length - 1).toBe(100);
    expect(text.split('Connection: close').length - 1).toBe(1);
  });

  test('below extjs are always 200, with the real status inside', async () => {
    const refused = await visit(double, '/api2/extjs/access/roles/none', {
      headers: { Authorization: `PVEAPIToken=${double.credentials.adminToken.full}` },
    });
    expect(refused.status).toBe(200);
    expect(refused.body).toMatchObject({ status: 500, success: 0 });
    const fine = await visit(double, '/api2/extjs/version', {
      headers: { Authorization: `PVEAPIToken=${double.credentials.adminToken.full}` },
    });
    expect(fine.body).toMatchObject({ success: 1, data: { release: '9.2' } });
  });

  test('name an unknown path, format or file', async () => {
    const unknown = await admin('/x');
    expect([unknown.status, unknown.reason]).toEqual([501, "Method 'GET /x' not implemented"]);
    const headers = { Authorization: `PVEAPIToken=${double.credentials.adminToken.full}` };
    const yaml = await visit(double, '/api2/yaml/version', { headers });
    expect([yaml.status, yaml.reason]).toEqual([501, 'no formatter for uri /version, yaml']);
    const none = await visit(double, '/api2', { headers });
    expect([none.status, none.reason]).toEqual([501, 'no such uri']);
    const file = await visit(double, '/x');
    expect([file.status, file.reason]).toEqual([500, "no such file '/x'"]);
    expect((await visit(eight, '/x')).status).toBe(501);
  });

  test('carry the message in the body only from release 8.4 on', async () => {
    const path = '/access/roles/none';
    expect((await admin(path)).body).toEqual({ data: null, message: "role 'none' does not exist\n" });
    const old = await asToken(eight, eight.credentials.adminToken)(path);
    expect([old.reason, old.body]).toEqual(["role 'none' does not exist", { data: null }]);
  });

  test('for another node pass through it, for an unknown one fail to find its name', async () => {
    expect((await admin('/nodes/pve2/qemu')).body.data).toHaveLength(1);
    const unknown = await admin('/nodes/pve.lab.example/qemu');
    expect(unknown.status).toBe(500);
    expect(unknown.reason).toBe(
      "hostname lookup 'pve.lab.example' failed - failed to get address info for: pve.lab.example: Name or service not known",
    );
    expect((await admin('/nodes/localhost/qemu')).status).toBe(200);
    const loop = await admin('/nodes/pve2/qemu', { headers: { PVEDisableProxy: '1' } });
    expect([loop.status, loop.reason]).toEqual([500, 'proxy loop detected']);
  });
});

describe('plain HTTP on the TLS port', () => {
  test('GET is redirected with 301, other methods with 308', async () => {
    const get = await exchange(double, 'GET /api2/json/version HTTP/1.1\r\nHost: pve.lan:8006\r\n\r\n', true);
    expect(get).toMatch(/^HTTP\/1\.1 301 Moved Permanently\r\n/);
    expect(get).toContain('Location: https://pve.lan:8006/api2/json/version\r\n');
    const post = await exchange(double, 'POST /x HTTP/1.1\r\nHost: pve\r\nContent-Length: 0\r\n\r\n', true);
    expect(post).toMatch(/^HTTP\/1\.1 308 /);
  });

  test('with --http the API itself answers in clear', async () => {
    const plain = await startQuick({ http: true });
    const seen = await asToken(plain, plain.credentials.adminToken)('/version');
    expect(plain.url).toMatch(/^http:/);
    expect(seen.body.data.version).toBe('9.2.11');
    await plain.close();
  });
});

describe('uploads', () => {
  test('are the only multipart, need no CSRF token and end in a task', async () => {
    const root = await asUser(double, double.credentials.root);
    const part = (name: string, value: string, file = ''): string =>
      `--b\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
    const body = `${part('content', 'iso')}${part('filename', 'DATA', '; filename="x.iso"')}--b--\r\n`;
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b', CSRFPreventionToken: '' };
    const sent = await root('/nodes/pve/storage/local/upload', { body, headers });
    expect(sent.body.data).toMatch(/^UPID:pve:.*:imgcopy::root@pam:$/);
    expect(
      (await root('/pools', { body, headers: { 'Content-Type': headers['Content-Type'] } })).status,
    ).toBe(506);
  });
});

test('an upload without the right is refused before its body is read', async () => {
  const { full } = double.credentials.emptyToken;
  const answer = await exchange(
    double,
    `POST /api2/json/nodes/pve/storage/local/upload HTTP/1.1\r\nAuthorization: PVEAPIToken=${full}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000000\r\n\r\n`,
  );
  expect(answer).toMatch(
    /^HTTP\/1\.1 403 Permission check failed \(\/storage\/local, Datastore\.AllocateTemplate\)/,
  );
});

test('every request is logged as it came', async () => {
  await admin('/version?x%3D=1', { headers: { 'X-Odd': 'Yes' } });
  const entry = double.requests.at(-1);
  expect(entry).toMatchObject({ method: 'GET', url: '/api2/json/version?x%3D=1', status: 400 });
  expect(entry?.rawHeaders).toContainEqual(['X-Odd', 'Yes']);
});
