import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  broker,
  closeAll,
  everyWay,
  plainAnswer,
  raw,
  type Upstream,
  upstream,
  type Way,
} from './support.ts';

/** Requests that two servers could read differently, compared byte for byte with what reaches the other system. */
let server: Awaited<ReturnType<typeof broker>>;
let up: Upstream;
let ways: Way[];

beforeAll(async () => {
  server = await broker();
  up = await upstream(plainAnswer('served'));
  ways = await everyWay(server, up.url, (await server.token('write:sasquatch')).token);
});
afterAll(closeAll);

const SMUGGLED = 'GET /connect/r/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

/** What follows the credential in a head. Refused before anything is asked of the other system. */
const REFUSED: readonly string[] = [
  `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  `Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  `Content-Length: ${SMUGGLED.length}\r\nTransfer-Encoding: identity\r\n\r\n${SMUGGLED}`,
  'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
  'Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
  'Content-Length: 5, 6\r\n\r\nhello!',
  'Content-Length: 5, 5\r\n\r\nhello',
  'Content-Length: +5\r\n\r\nhello',
  'Content-Length: 0x5\r\n\r\nhello',
  'Content-Length: 5 5\r\n\r\nhello',
  'Content-Length: 5\t\r\n\r\nhello',
  'Content-Length: 5.0\r\n\r\nhello',
  'Content-Length: -1\r\n\r\nhello',
  'Content-Length:\r\n\r\nhello',
  'Content-Length: 99999999999999999999999999\r\n\r\nhello',
  'Content-Length : 5\r\n\r\nhello',
  'Content-Length\t: 5\r\n\r\nhello',
  ' Content-Length: 5\r\n\r\nhello',
  'Content Length: 5\r\n\r\nhello',
  'Content-Length\r\n\r\nhello',
  ': 5\r\n\r\nhello',
  'Content-Length: 5\r\n \r\n\r\nhello',
  'X: a\r\n Content-Length: 5\r\n\r\nhello',
  'X: a\r\n\tTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: identity, chunked, identity\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  'Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n',
  'X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'X: a\r\rContent-Length: 5\r\n\r\nhello',
  'X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'X: a\0b\r\nContent-Length: 0\r\n\r\n',
  'X\0: a\r\nContent-Length: 0\r\n\r\n',
  'X(y): a\r\nContent-Length: 0\r\n\r\n',
  'Host: y\r\nContent-Length: 0\r\n\r\n',
  'Authorization: Bearer other\r\nContent-Length: 0\r\n\r\n',
  'Content-Length: 0\n\n\r\n\r\n',
];

/** What is to be read in one way only, and the bytes that then reach the other system behind its Host header. */
const PASSED: readonly (readonly [more: string, seen: string])[] = [
  ['Content_Length: 5\r\nContent-Length: 0\r\n\r\n', 'Content-Length: 0\r\n\r\n'],
  ['Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi', 'Content-Length: 2\r\n\r\nhi'],
  ['Content_Type: a/b\r\nX_Request_Id: 1\r\nContent-Length: 0\r\n\r\n', 'Content-Length: 0\r\n\r\n'],
  ['X-Content-Length: 5\r\nContent-Length-X: 5\r\nContent-Length: 0\r\n\r\n', 'Content-Length: 0\r\n\r\n'],
  ['Content-Length: 002\r\n\r\nhi', 'Content-Length: 2\r\n\r\nhi'],
  ['Content-Length: \t 2 \r\n\r\nhi', 'Content-Length: 2\r\n\r\nhi'],
  ['content-LENGTH:2\r\n\r\nhi', 'Content-Length: 2\r\n\r\nhi'],
  [
    `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  [
    'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  ],
  [
    'Transfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  ],
  [
    'Transfer-Encoding: chunked\r\n\r\n0002;a=b;c="d"\r\nhi\r\n000;x\r\nX-Smuggled: 1\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  ],
  [
    `Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    `Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
];

/** Bodies that turn out malformed when their head is with the other system already: their call is given up there. */
const BROKEN_OFF: readonly string[] = [
  '2\r\nhi\r\n0\r\nContent-Length: 9\r\n\r\n',
  '5;\nx\r\nhello\r\n0\r\n\r\n',
  '5\nhello\r\n0\r\n\r\n',
  '2\r\nhello\r\n0\r\n\r\n',
  '0x2\r\nhi\r\n0\r\n\r\n',
  '-1\r\nhi\r\n0\r\n\r\n',
  ' 2\r\nhi\r\n0\r\n\r\n',
  'fffffffffffffffff\r\nhi\r\n0\r\n\r\n',
  `2\r\nhi\r\n0\r\nX: a\n\r\n${SMUGGLED}`,
].map((body) => `Transfer-Encoding: chunked\r\n\r\n${body}`);

/** What came at the other system for this path, to the last byte. */
const seenFor = (path: string): string =>
  up.received
    .flatMap((text) => text.split(/(?=(?:GET|POST) \/[a-z]+-[A-Z]+-\d)/))
    .filter((text) => text.startsWith(`${path.split('-')[1]} ${path} `))
    .join('');

describe.each(['GET', 'POST'])('by %s', (method) => {
  const everywhere = (kind: string, run: (way: Way, path: string) => Promise<void>): Promise<unknown> =>
    Promise.all(ways.map((way, at) => run(way, `/${kind}-${method}-${at}`)));

  test('what two servers could read differently is refused, and not a byte of it travels', async () => {
    up.received.fill('');
    await everywhere('refused', async (way, start) => {
      await Promise.all(
        REFUSED.map(async (more, number) => {
          const seen = await raw(way.port, `${way.start(method, `${start}-${number}`)}${more}`);
          // Once by the relay, and where the reader stumbles over the same bytes a moment later, once by that.
          const answers = new Set(seen.match(/HTTP\/1\.1 \d/g));
          expect([way.name, more, ...answers]).toEqual([way.name, more, 'HTTP/1.1 4']);
        }),
      );
    });
    expect(up.received.join('')).toBe('');
  });

  test('what can be read in one way only travels in just that way', async () => {
    await everywhere('passed', async (way, start) => {
      await Promise.all(
        PASSED.map(async ([more, wanted], number) => {
          const path = `${start}-${number}`;
          const seen = await raw(way.port, `${way.start(method, path)}${more}`);
          expect([way.name, more, seen.match(/HTTP\/1\.1 \d+/g)]).toEqual([way.name, more, ['HTTP/1.1 200']]);
          const framed = method === 'GET' ? wanted.replace(/^Content-Length: 0\r\n/, '') : wanted;
          expect([way.name, seenFor(path)]).toEqual([
            way.name,
            `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${up.port}\r\n${framed}`,
          ]);
        }),
      );
    });
  });

  test('a body that turns out malformed ends its call, unfinished, and the connection it was on', async () => {
    await everywhere('broken', async (way, start) => {
      await Promise.all(
        BROKEN_OFF.map(async (more, number) => {
          const path = `${start}-${number}`;
          const seen = await raw(way.port, `${way.start(method, path)}${more}`);
          expect([way.name, more, seen]).toEqual([
            way.name,
            more,
            expect.stringMatching(/^(HTTP\/1\.1 4\d\d |$)/),
          ]);
          expect(seen.match(/HTTP\/1\.1 \d/g)?.length ?? 0).toBeLessThan(2);
          expect([way.name, seenFor(path)]).toEqual([
            way.name,
            expect.not.stringMatching(/\r\n0\r\n|smuggled|hello/),
          ]);
        }),
      );
    });
    for (const [at, text] of up.received.entries())
      if (text.includes('/broken-')) expect(up.sockets[at]?.destroyed).toBe(true);
  });
});
