import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fc from 'fast-check';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FlowingResponse } from './flowing-response.ts';
import type { FastHandler, FastResponse } from './front.ts';
import { newCounters } from './metrics.ts';
import { readPlainHead } from './plain-head.ts';
import { createHttpServer } from './server.ts';

/** Says what it was asked, so that two readers of the same bytes can be compared. */
const echo: FastHandler = ({ method, url, rawHeaders }, response) => {
  const text = JSON.stringify({ method, url, rawHeaders });
  response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(text.length)]);
  response.end(text, 'latin1');
};
const REFUSAL = {
  status: 401,
  reason: 'Unauthorized',
  headers: ['Content-Type', 'text/plain', 'Content-Length', '2'],
  body: 'no',
};
type Refusing = FastResponse & { readonly repeat?: FlowingResponse['repeat'] };
const refuse = (response: Refusing): void => {
  if (response.repeat !== undefined) {
    response.repeat(REFUSAL);
    return;
  }
  response.writeHead(REFUSAL.status, REFUSAL.headers);
  response.end(REFUSAL.body, 'latin1');
};
/** Turns everybody away, a moment later, as a route does the first time. */
const away = (_message: unknown, response: Refusing): void => void setImmediate(() => refuse(response));
/** As a route does from then on. */
const awayAtOnce = (_message: unknown, response: Refusing): void => refuse(response);
const late: FastHandler = (message, response) => void setTimeout(() => echo(message, response), 5);
const PLACES: readonly (readonly [string, FastHandler])[] = [
  ['/ingress/auth', echo],
  ['/ingress/after', late],
  ['/ingress/away/at-once', awayAtOnce],
  ['/ingress/away', away],
];
const at = (url: string): FastHandler | null => PLACES.find(([start]) => url.startsWith(start))?.[1] ?? null;

async function serve(withFront: boolean) {
  const taken = { count: 0, order: [] as string[] };
  const app = createHttpServer({
    log: pino({ level: 'silent' }),
    counters: newCounters(),
    publicHost: '127.0.0.1',
    fastPath(message, response) {
      const handler = at(message.url ?? '');
      handler?.(message, response);
      return handler !== null;
    },
    front: withFront
      ? {
          prefixes: ['/ingress/a'],
          find(url) {
            taken.count++;
            taken.order.push(url);
            return at(url);
          },
          isShared: (rawHeaders) => rawHeaders.includes('X-Forwarded-For'),
        }
      : null,
  });
  app.get('/plain', async () => ({ answer: 1 }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, taken, port: (app.server.address() as AddressInfo).port };
}

let fronted: Awaited<ReturnType<typeof serve>>;
let bare: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  fronted = await serve(true);
  bare = await serve(false);
});
afterAll(async () => {
  await fronted.app.close();
  await bare.app.close();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Whether each question waits for the answer before it, or the connection ends behind the last piece. */
type Way = 'in turn' | 'and end';
// A last question that ends the connection on either server, so that all answers before it have come.
const LAST = 'GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** What a server says to these pieces, one write each, until it ends the connection. */
async function said(port: number, pieces: readonly string[], how: Way): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let text = '';
  const whole = new Promise<string>((resolve) => {
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
  for (const piece of pieces) {
    const answer = how === 'in turn' && piece.endsWith('\r\n\r\n') ? once(socket, 'data') : turn();
    socket.write(piece, 'latin1');
    await answer;
    await turn();
  }
  if (how === 'and end') socket.end();
  return comparable(await whole);
}

const comparable = (text: string): string =>
  text
    .replace(/^date: .*$/gim, 'date')
    .replace(/^x-request-id: .*$/gim, 'id')
    .replace(/"request_id":"[^"]*"/g, '');

async function sameAnswer(pieces: readonly string[], how: Way): Promise<string> {
  const [one, other] = await Promise.all([said(fronted.port, pieces, how), said(bare.port, pieces, how)]);
  expect(one).toBe(other);
  return one;
}

const HEAD = 'GET /ingress/auth?scope=read:all HTTP/1.1\r\nHost: a\r\n';

describe('the reader in front', () => {
  test('answers a plain question itself, byte for byte as node:http would', async () => {
    const before = fronted.taken.count;
    const text = await sameAnswer(
      [`${HEAD}Authorization: bearer x\r\nX-A:  two \t\r\n\r\n`, LAST],
      'in turn',
    );
    expect(fronted.taken.count).toBe(before + 1);
    expect(text).toContain('"X-A","two"');
    expect(text).toMatch(/"answer":1/);
  });

  test('goes on answering on the same connection, also late answers and heads in pieces', async () => {
    const before = fronted.taken.count;
    const one = `${HEAD}\r\n`;
    const two = 'GET /ingress/after HTTP/1.1\r\nHost: a\r\n\r\n';
    const text = await sameAnswer([one, two, one.slice(0, 30), one.slice(30), LAST], 'in turn');
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(4);
    expect(fronted.taken.count).toBeGreaterThan(before + 1);
  });

  test.each([
    ['a body', `${HEAD}Content-Length: 3\r\n\r\nabc`],
    ['chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['both lengths', `${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a length twice', `${HEAD}Content-Length: 0\r\nContent-Length: 1\r\n\r\n`],
    ['an expectation', `${HEAD}Expect: 100-continue\r\n\r\n`],
    ['an upgrade', `${HEAD}Connection: upgrade\r\nUpgrade: h2c\r\n\r\n`],
    ['the end of the connection', `${HEAD}Connection: close\r\n\r\n`],
    ['no host', 'GET /ingress/auth HTTP/1.1\r\nX: y\r\n\r\n'],
    ['two hosts', `${HEAD}Host: b\r\n\r\n`],
    ['a folded line', `${HEAD}X-A: one\r\n two\r\n\r\n`],
    ['a bare line feed', `${HEAD}X-A: one\nX-B: two\r\n\r\n`],
    ['a bare carriage return', `${HEAD}X-A: one\rX-B: two\r\n\r\n`],
    ['a zero byte', `${HEAD}X-A: o\0ne\r\n\r\n`],
    ['a blank before the colon', `${HEAD}X-A : one\r\n\r\n`],
    ['a name that is none', `${HEAD}X(A): one\r\n\r\n`],
    ['HTTP/1.0', 'GET /ingress/auth HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['another method', 'POST /ingress/auth HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
    ['a blank in the address', 'GET /ingress/auth ?x HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two questions at once', `${HEAD}\r\n${HEAD}\r\n`],
    ['a question and a part of the next', `${HEAD}\r\nGET /ingr`],
    ['an empty line first', `\r\n${HEAD}\r\n`],
    ['a long head', `${HEAD}X-A: ${'a'.repeat(9_000)}\r\n\r\n`],
    ['too long a head', `${HEAD}X-A: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['many lines', `${HEAD}${'X: y\r\n'.repeat(150)}\r\n`],
    ['another place', 'GET /ingress/andere HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['Latin-1 in a value', `${HEAD}X-A: \xe4\xff\r\n\r\n`],
  ])('gives the same answer to %s', async (_what, text) => {
    await sameAnswer([text], 'and end');
  });

  test('a connection cut in the middle of a head is answered as a bad request', async () => {
    expect(await sameAnswer([HEAD], 'and end')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('a connection that ends before its answer gets none, as with node:http', async () => {
    expect(await sameAnswer(['GET /ingress/after HTTP/1.1\r\nHost: a\r\n\r\n'], 'and end')).toBe('');
  });

  const AWAY = 'GET /ingress/away HTTP/1.1\r\nHost: a\r\n\r\n';
  const AT_ONCE = AWAY.replace('away', 'away/at-once');
  test.each([
    ['one after the other', [AWAY, AWAY, `${HEAD}\r\n`, AWAY, LAST], 3],
    ['one after the other, without delay', [AT_ONCE, AT_ONCE, `${HEAD}\r\n`, AT_ONCE, LAST], 3],
    ['all at once', [`${AWAY}${AWAY}${HEAD}\r\n${AWAY}${LAST}`], 3],
    ['all at once, without delay', [`${AT_ONCE}${AT_ONCE}${HEAD}\r\n${AT_ONCE}${AT_ONCE}${LAST}`], 4],
    [
      'with a part of the next, without delay',
      [`${AT_ONCE}${AT_ONCE.slice(0, 20)}`, AT_ONCE.slice(20), `${HEAD}\r\n`, LAST],
      2,
    ],
    ['in pieces', [AWAY, AWAY.slice(0, 20), AWAY.slice(20), HEAD, '\r\n', LAST], 2],
    ['with what node:http must read behind them', [AWAY, `${HEAD}Content-Length: 1\r\n\r\na`, LAST], 1],
  ])('who was turned away is heard again, in order: %s', async (_how, pieces, refusals) => {
    const text = await sameAnswer(pieces, 'in turn');
    expect(text.match(/HTTP\/1\.1 \d+/g)).toHaveLength(refusals + 2);
    expect(text.match(/HTTP\/1\.1 401 Unauthorized/g)).toHaveLength(refusals);
  });

  test('who was turned away, asks again and leaves gets no more', async () => {
    const server = await serve(true);
    const gone = connect(server.port, '127.0.0.1');
    gone.write(AWAY);
    await once(gone, 'data');
    gone.end(AWAY);
    expect(await textOf(gone)).toBe('');
    const stays = connect(server.port, '127.0.0.1');
    stays.write(AWAY);
    await once(stays, 'data');
    const rest = textOf(stays);
    stays.write(AWAY);
    await server.app.close();
    expect(await rest).toMatch(/^(HTTP\/1\.1 401 .*)?$/s);
  });

  test('whoever asks for the first time is answered before a crowd that was turned away', async () => {
    const server = await serve(true);
    const crowd = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
        socket.write(AWAY);
        await once(socket, 'data');
        return socket;
      }),
    );
    const other = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    await once(other, 'connect');
    await turn();
    const before = server.taken.order.length;
    for (const socket of crowd) socket.write(AWAY);
    other.write(`${HEAD}\r\n`);
    await once(other, 'data');
    while (server.taken.order.length < before + crowd.length + 1) await turn();
    const order = server.taken.order.slice(before);
    expect(order.findIndex((url) => url.startsWith('/ingress/auth'))).toBeLessThan(20);
    for (const socket of [...crowd, other]) socket.destroy();
    await server.app.close();
  });

  test('nor has anybody to wait for many questions that one who was turned away asks together', async () => {
    const server = await serve(true);
    const one = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    one.write(AT_ONCE);
    await once(one, 'data');
    const other = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    await once(other, 'connect');
    await turn();
    const before = server.taken.order.length;
    const asked = 200;
    one.write(AT_ONCE.repeat(asked));
    await once(one, 'data');
    one.resume();
    other.write(`${HEAD}\r\n`);
    await once(other, 'data');
    while (server.taken.order.length < before + asked + 1) await turn();
    const order = server.taken.order.slice(before);
    expect(order.findIndex((url) => url.startsWith('/ingress/auth'))).toBeLessThan(asked / 2);
    for (const socket of [one, other]) socket.destroy();
    await server.app.close();
  });

  describe('who is turned away again and again', () => {
    afterEach(() => void vi.useRealTimers());
    const SHARED = AT_ONCE.replace('\r\n\r\n', '\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n');

    /** A connection on which these were answered, one after the other, and the clock stands still. */
    async function answered(questions: readonly string[]) {
      vi.useFakeTimers({ toFake: ['setTimeout'] });
      const server = await serve(true);
      const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
      for (const question of questions) {
        socket.write(question);
        await once(socket, 'data');
      }
      return { server, socket };
    }

    test('is left alone for a while, and what it asked meanwhile is answered together', async () => {
      const { server, socket } = await answered(Array(4).fill(AT_ONCE));
      const other = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
      for (const question of [AT_ONCE, AT_ONCE, `${HEAD}\r\n`]) {
        socket.write(question);
        other.write(`${HEAD}\r\n`);
        await once(other, 'data');
      }
      expect(server.taken.order.filter((url) => url === '/ingress/away/at-once')).toHaveLength(4);
      vi.advanceTimersByTime(1000);
      const [together] = await once(socket, 'data');
      expect(String(together).match(/HTTP\/1\.1 \d+/g)).toEqual([
        'HTTP/1.1 401',
        'HTTP/1.1 401',
        'HTTP/1.1 200',
      ]);
      // Known again, it is heard at once.
      socket.write(AT_ONCE);
      await once(socket, 'data');
      for (const each of [socket, other]) each.destroy();
      await server.app.close();
    });

    test.each([
      ['in between was answered', [AT_ONCE, AT_ONCE, AT_ONCE, `${HEAD}\r\n`, AT_ONCE, AT_ONCE, AT_ONCE]],
      ['shares the connection with others', Array(9).fill(SHARED)],
    ])('is not, where it %s', async (_why, questions) => {
      const { server, socket } = await answered(questions);
      socket.write(`${HEAD}\r\n`);
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
      await server.app.close();
    });

    test('can leave, and holds up nobody who closes the server', async () => {
      const { server, socket } = await answered(Array(4).fill(AT_ONCE));
      const rest = textOf(socket);
      const closed = server.app.close();
      vi.advanceTimersByTime(1000);
      await closed;
      expect(await rest).toBe('');
    });
  });

  test('closing ends idle connections, and those that are being answered with their answer', async () => {
    const server = await serve(true);
    const idle = connect(server.port, '127.0.0.1');
    idle.write(`${HEAD}\r\n`);
    await new Promise((resolve) => idle.once('data', resolve));
    const busy = connect(server.port, '127.0.0.1');
    const answer = textOf(busy);
    busy.write('GET /ingress/after HTTP/1.1\r\nHost: a\r\n\r\n');
    while (server.taken.count < 2) await turn();
    await server.app.close();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK.*Connection: close/s);
  });

  test('whatever comes, in whatever pieces, both readers say the same', async () => {
    const name = fc.constantFrom(
      'Host',
      'X-A',
      'Cookie',
      'Connection',
      'Content-Length',
      'Upgrade',
      'TE',
      'x y',
      '',
    );
    const value = fc.constantFrom(
      '',
      'a',
      ' a\t',
      '0',
      'close',
      'keep-alive',
      'chunked',
      '\xe4',
      'a\x01',
      'websocket',
    );
    const separator = fc.constantFrom(': ', ':', ' :', ':\t');
    const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r');
    const line = fc.tuple(name, separator, value, lineEnd).map((parts) => parts.join(''));
    // Answers that come at once: between late ones and what follows them, the clock decides.
    const start = fc.constantFrom(
      'GET /ingress/auth?a=b HTTP/1.1\r\nHost: a\r\n',
      'GET /ingress/auth HTTP/1.1\r\n',
      'GET /plain HTTP/1.1\r\nHost: a\r\n',
      'GET /ingress/auth#x HTTP/1.1\r\nHost: a\r\n',
    );
    const question = fc
      .tuple(start, fc.array(line, { maxLength: 3 }))
      .map(([head, lines]) => `${head}${lines.join('')}\r\n`);
    const bytes = fc.array(question, { minLength: 1, maxLength: 3 }).map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat(200), { maxLength: 4 }), async (text, cuts) => {
        const ends = [...new Set(cuts.map((cut) => cut % text.length))].sort((a, b) => a - b);
        const pieces = [0, ...ends].map((from, index) => text.slice(from, ends[index] ?? text.length));
        const sent = pieces.filter((piece) => piece !== '');
        const [one, other] = await Promise.all([
          said(fronted.port, sent, 'and end'),
          said(bare.port, sent, 'and end'),
        ]);
        if (one === other) return;
        // Behind questions that came together node:http drops answers it has, when something malformed follows.
        const [own, its] = [answersOf(one), answersOf(other)];
        expect(its.at(-1)).toMatch(/^HTTP\/1\.1 400 /);
        expect(own.at(-1)).toBe(its.at(-1));
        expect(own.slice(0, its.length - 1)).toEqual(its.slice(0, -1));
        expect(own.length).toBeGreaterThan(its.length);
      }),
      { numRuns: 300 },
    );
  });
});

const answersOf = (text: string): string[] => text.split(/(?=HTTP\/1\.1 \d)/);

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test('a plain head is read into the names and values that node:http would give', () => {
  expect(readPlainHead('GET /a?b HTTP/1.1\r\nHost: h\r\nX-A: \t b c \r\nX-A:\r\n\r\n')).toEqual({
    url: '/a?b',
    host: 'h',
    rawHeaders: ['Host', 'h', 'X-A', 'b c', 'X-A', ''],
  });
});
