import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemRandom } from '../../src/crypto/random.ts';
import { nativeSpelling, randomTokenParts } from '../../src/tokens/token-string.ts';
import { freePort } from '../support/free-port.ts';
import { tessera } from '../support/process.ts';
import { closeAll, later } from './support.ts';

afterEach(closeAll);

/** `TESSERA_TEST_VOLUME_MIB=10240` sends ten GiB each way; the default is enough to see memory grow with volume. */
const MIB = 1024 * 1024;
const SIZE = Number(process.env.TESSERA_TEST_VOLUME_MIB ?? 256) * MIB;
const PART = Buffer.alloc(256 * 1024, 'x');

/** Highest memory of a process so far, MiB. */
const peakMib = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Writes so many bytes, as fast as they are taken. */
function pour(into: NodeJS.WritableStream, done: () => void): void {
  let left = SIZE;
  const more = (): void => {
    while (left > 0) {
      const part = left < PART.length ? PART.subarray(0, left) : PART;
      left -= part.length;
      if (!into.write(part)) {
        into.once('drain', more);
        return;
      }
    }
    done();
  };
  more();
}

test.skipIf(process.platform !== 'linux')(
  'hundreds of MiB go down and up, with a length and in chunks, and the server’s memory does not grow with them',
  { timeout: 60_000 + SIZE / 10_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-volume-'));
    later({ close: () => rm(folder, { recursive: true, force: true }) });
    const bootstrap = nativeSpelling(randomTokenParts(systemRandom)).reveal();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const program = tessera(['serve', '--port', String(port), '--data-dir', folder], {
      TESSERA_BOOTSTRAP_TOKEN: bootstrap,
    });
    later({
      async close() {
        program.child.kill('SIGTERM');
        await program.finished;
      },
    });
    await program.says('is listening on');
    const api = async (path: string, token: string, body: object): Promise<{ token: string }> => {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(201);
      return (await answer.json()) as { token: string };
    };
    const admin = (
      await api('/setup', bootstrap, { username: 'admin', password: 'correct horse battery staple' })
    ).token;
    let uploaded = 0;
    const store = http.createServer((request, response) => {
      if (request.method === 'GET') {
        const chunked = request.url === '/chunked';
        response.writeHead(200, chunked ? {} : { 'Content-Length': SIZE });
        pour(response, () => response.end());
        return;
      }
      uploaded = 0;
      request.on('data', (part: Buffer) => (uploaded += part.length));
      request.on('end', () => response.end(String(uploaded)));
    });
    await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
    later({ close: () => store.closeAllConnections() });
    const upstreamPort = (store.address() as AddressInfo).port;
    await api('/routes', admin, {
      name: 'store',
      to: `http://127.0.0.1:${upstreamPort}`,
      presets: false,
      rules: [{ path: '/**', scopes: ['write:sasquatch'] }],
    });
    const { token } = await api('/tokens', admin, { name: 'mover', scopes: ['write:sasquatch'] });
    const call = (method: string, path: string, headers: http.OutgoingHttpHeaders = {}): http.ClientRequest =>
      http.request(`${url}/connect/store${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
    const download = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        call('GET', path)
          .on('error', reject)
          .on('response', (answer) => {
            let seen = 0;
            answer.on('data', (part: Buffer) => (seen += part.length));
            answer.on('end', () => resolve(seen));
            answer.on('error', reject);
          })
          .end();
      });
    const upload = (headers: http.OutgoingHttpHeaders): Promise<string> =>
      new Promise((resolve, reject) => {
        const request = call('PUT', '/x', headers).on('error', reject);
        request.on('response', (answer) => {
          let text = '';
          answer.on('data', (part) => (text += part));
          answer.on('end', () => resolve(text));
        });
        pour(request, () => request.end());
      });
    const pid = program.child.pid ?? 0;
    // Once around first: what is loaded and compiled on the way is no growth.
    await new Promise<void>((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1', () =>
        socket.write(
          `PUT /connect/store/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${PART.length}\r\nConnection: close\r\n\r\n${PART.toString()}`,
        ),
      );
      socket
        .on('error', reject)
        .on('close', () => resolve())
        .resume();
    });
    const before = peakMib(pid);
    expect(await download('/length')).toBe(SIZE);
    expect(await download('/chunked')).toBe(SIZE);
    expect(await upload({ 'content-length': SIZE })).toBe(String(SIZE));
    expect(await upload({ 'transfer-encoding': 'chunked' })).toBe(String(SIZE));
    const grown = peakMib(pid) - before;
    process.stdout.write(`four times ${SIZE / MIB} MiB: the server grew by ${grown.toFixed(0)} MiB\n`);
    expect(grown).toBeLessThan(64);
  },
);
