import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const FRAME_LIMIT_BYTES = 128 * 1024;
const CLOSE = 8;
const PING = 9;

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly rest: Buffer;
}

/** One client frame (RFC 6455 section 5.2): masked, unfragmented, at most 128 KiB; `bad` closes the console. */
function readFrame(bytes: Buffer): Frame | 'incomplete' | 'bad' {
  if (bytes.length < 2) return 'incomplete';
  const [first = 0, second = 0] = bytes;
  if ((first & 0x80) === 0 || (second & 0x80) === 0) return 'bad';
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const head = 2 + lengthBytes;
  if (bytes.length < head + 4) return 'incomplete';
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > FRAME_LIMIT_BYTES) return 'bad';
  if (bytes.length < head + 4 + length) return 'incomplete';
  const mask = bytes.subarray(head, head + 4);
  const payload = Buffer.from(bytes.subarray(head + 4, head + 4 + length));
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return { opcode: first & 0x0f, payload, rest: bytes.subarray(head + 4 + length) };
}

function frame(opcode: number, payload: Buffer): Buffer {
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, payload.length])
      : payload.length < 65_536
        ? Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | opcode, 127, 0, 0, 0, 0]), uint32(payload.length)]);
  return Buffer.concat([head, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Accepts the upgrade and sends back every frame as it came: enough to see a console carried through. */
export function openEcho(socket: Duplex, key: string, protocol: string | undefined, head: Buffer): void {
  const accept = createHash('sha1').update(`${key}${ACCEPT_SUFFIX}`).digest('base64');
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: WebSocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
      ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
      '\r\n',
    ].join('\r\n'),
  );
  let waiting = head;
  const work = (): void => {
    for (;;) {
      const next = readFrame(waiting);
      if (next === 'incomplete') return;
      if (next === 'bad') return void socket.end(frame(CLOSE, Buffer.from([0x03, 0xea])));
      waiting = next.rest;
      if (next.opcode === CLOSE) return void socket.end(frame(CLOSE, next.payload));
      socket.write(frame(next.opcode === PING ? PING + 1 : next.opcode, next.payload));
    }
  };
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    work();
  });
  socket.on('error', () => socket.destroy());
  work();
}
