import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { broker, closeAll, everyWay, plainAnswer, type Upstream, upstream, type Way } from './support.ts';

/** What is matched is what is forwarded: hundreds of spellings of one path, by each way to a route. */
let server: Awaited<ReturnType<typeof broker>>;
let token: string;

beforeAll(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterAll(closeAll);

/** Ways to write a path with this word in it, plain and encoded, and with what servers read differently around it. */
function spellings(word: string): string[] {
  const letters = [...word];
  const spelt = new Set<string>();
  for (let mask = 0; mask < 2 ** letters.length; mask++) {
    const encode = (letter: string): string => {
      const hex = letter.charCodeAt(0).toString(16);
      return `%${mask % 2 === 0 ? hex : hex.toUpperCase()}`;
    };
    const written = letters.map((letter, at) => ((mask >> at) & 1 ? encode(letter) : letter)).join('');
    for (const around of [
      '/W',
      '/W/',
      '/W/x',
      '/W?a=/x/../y',
      '/./W/x',
      '/x/../W',
      '/%2e/W/x',
      '/x/%2e%2e/W',
      '/x/.%2E/W',
      '/x/%252e%252e/W',
      '//W',
      '/W//x',
      '/W%2fx',
      '/W%2Fx',
      '/x%2f..%2fW',
      '/%2fW',
      '/W;a=b/x',
      '/W;/x',
      '/x/..;/W',
      '/.;/W',
      '/W\\x',
      '/W%5cx',
      '/x\\..\\W',
      '/W%00',
      '/W%0a',
      '/W%0d%0aX:%20y',
      '/W%c0%ae',
      '/W%zz',
      '/W#x',
    ])
      spelt.add(around.replace('W', () => written));
  }
  return [...spelt];
}

/** Asks for each path, some on one connection at a time, and gives the status of every answer. */
async function statuses(way: Way, method: string, paths: readonly string[]): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const left = [...paths];
  const line = async (): Promise<void> => {
    for (let part = left.splice(0, 40); part.length > 0; part = left.splice(0, 40)) {
      // Where an answer ends the connection, the paths behind it are asked for anew.
      const answers = await conversation(
        way.port,
        part.map((path) => `${way.start(method, path)}\r\n`),
      );
      if (answers.length === 0) throw new Error(`${way.name} does not answer ${part[0]}`);
      for (const [at, status] of answers.entries()) seen.set(part[at] ?? '', status);
      left.push(...part.slice(answers.length));
    }
  };
  await Promise.all([line(), line(), line(), line()]);
  return seen;
}

/** Says everything at once and hears as many answers as there are until the connection ends. */
const conversation = (port: number, requests: readonly string[]): Promise<number[]> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const answers: number[] = [];
    let unread = '';
    socket.on('data', (chunk) => {
      unread += chunk.toString('latin1');
      for (let head = unread.indexOf('\r\n\r\n'); head !== -1; head = unread.indexOf('\r\n\r\n')) {
        const end = head + 4 + Number(/\r\nContent-Length: (\d+)/i.exec(unread)?.[1] ?? 0);
        if (unread.length < end) return;
        answers.push(Number(unread.slice(9, 12)));
        unread = unread.slice(end);
      }
      if (answers.length === requests.length) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answers));
    socket.write(requests.join(''), 'latin1');
  });

const asked = (up: Upstream): string[] => up.received.join('').match(/^[A-Z]+ .*(?= HTTP\/1\.1\r$)/gm) ?? [];

test('no spelling of a forbidden path reaches anything', { timeout: 120_000 }, async () => {
  const up = await upstream(plainAnswer('reached'));
  const rules = [
    { path: '/admin/**', access: 'never' },
    { path: '/**', scopes: ['write:sasquatch'] },
  ];
  const paths = spellings('admin');
  expect(paths.length).toBeGreaterThan(500);
  for (const way of await everyWay(server, up.url, token, { rules }))
    for (const method of ['GET', 'POST']) {
      const seen = await statuses(way, method, paths);
      expect([way.name, method, seen.size]).toEqual([way.name, method, paths.length]);
      for (const [path, status] of seen) expect([path, status]).toEqual([path, expect.toBeOneOf([400, 403])]);
    }
  expect(asked(up)).toEqual([]);
});

test('what is allowed travels as it was spelt, and all else not at all', { timeout: 120_000 }, async () => {
  const up = await upstream(plainAnswer('reached'));
  const rules = [{ path: '/open/**', scopes: ['write:sasquatch'] }];
  const paths = spellings('open');
  for (const way of await everyWay(server, up.url, token, { rules }))
    for (const method of ['GET', 'POST']) {
      up.received.fill('');
      const seen = await statuses(way, method, paths);
      const passed = [...seen].filter(([, status]) => status === 200).map(([path]) => `${method} ${path}`);
      expect([way.name, asked(up).sort()]).toEqual([way.name, passed.sort()]);
      // Sixteen spellings of the word, and what may stand around it.
      expect(passed.length).toBe(16 * 4);
    }
});
