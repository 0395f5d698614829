import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AnswerHead, AnswerParser } from './answer-parser.ts';

interface Seen {
  head: AnswerHead | null;
  body: string;
  trailers: readonly string[];
  rest: string | null;
  ended: boolean;
  fault: string | null;
}

function read(pieces: readonly Buffer[], method = 'GET', upgrade = false): Seen & { whole: boolean } {
  const seen: Seen = { head: null, body: '', trailers: [], rest: null, ended: false, fault: null };
  const parser = new AnswerParser(method, upgrade, {
    head(head) {
      seen.head = head;
    },
    body(part) {
      seen.body += part.toString('latin1');
    },
    end(trailers, rest) {
      seen.ended = true;
      seen.trailers = trailers;
      seen.rest = rest?.toString('latin1') ?? null;
    },
    fault(what) {
      seen.fault = what;
    },
  });
  for (const piece of pieces) parser.push(piece);
  return { ...seen, whole: parser.finish() };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\nY: \xe4\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 595 Connection refused\r\nX: \t padded \t\r\nContent-Length: 2\r\n\r\nno',
];

test('however an answer is cut into pieces, the same is read', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ANSWERS), fc.array(fc.nat(400), { maxLength: 12 }), (answer, cuts) => {
      const all = bytes(answer);
      const edges = [...new Set([0, ...cuts.map((cut) => cut % all.length), all.length])].sort(
        (a, b) => a - b,
      );
      const pieces = edges.slice(1).map((edge, at) => Buffer.from(all.subarray(edges[at], edge)));
      expect(read(pieces)).toEqual(read([all]));
    }),
  );
});

test('no bytes make it throw, and what it takes for whole has a head', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ANSWERS), fc.nat(), fc.nat(255), (answer, at, value) => {
      const all = bytes(answer);
      all[at % all.length] = value;
      const seen = read([all]);
      if (seen.ended) expect(seen.head).not.toBeNull();
      if (seen.fault !== null) expect(seen.ended).toBe(false);
    }),
  );
});

test('an answer to HEAD has no body, whatever length it speaks of', () => {
  expect(read([bytes('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')], 'HEAD')).toMatchObject({
    ended: true,
    body: '',
    whole: true,
  });
});

test('what follows an answer is noticed, so that the connection is not used again', () => {
  expect(read([bytes('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n')]).rest).toMatch(
    /^HTTP/,
  );
});

test('a connection that ends in the middle does not end the answer', () => {
  for (const answer of ANSWERS.filter((text) => !text.startsWith('HTTP/1.0')))
    expect(read([bytes(answer).subarray(0, answer.length - 1)]).whole).toBe(false);
});

test('101 ends an answer only where it was asked for, with the first bytes of the new protocol', () => {
  const answer = bytes('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfirst');
  expect(read([answer], 'GET', true)).toMatchObject({ ended: true, rest: 'first' });
  expect(read([answer]).fault).toBe('it changes the protocol unasked');
});
