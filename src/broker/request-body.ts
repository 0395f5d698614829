import type { IncomingMessage } from 'node:http';
import type { KindName } from '../kinds/kind.ts';
import type { RequestBody } from './errand.ts';
import type { CallRefusal } from './judge.ts';
import type { RequestHead } from './request-head.ts';

/** Twice what Proxmox takes (512 KiB); larger bodies are uploads, which bring their length. */
const GATHERED_MAX = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** How the body of a request is to travel; `whole` is still to be gathered. */
export function bodyOf({ isChunked, contentLength }: RequestHead, kind: KindName): RequestBody {
  if (isChunked) return kind === 'proxmox' ? { kind: 'whole', bytes: NOTHING } : CHUNKED;
  // Zeros in front make some servers read another number.
  const length = (contentLength ?? '').replace(/^0+/, '');
  return length === '' ? NO_BODY : { kind: 'length', length };
}

const NO_BODY: RequestBody = { kind: 'none' };
const CHUNKED: RequestBody = { kind: 'chunked' };

/** The whole body, or why it cannot be had. */
export function gather(message: IncomingMessage, timeoutMs: number): Promise<Buffer | CallRefusal> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (result: Buffer | CallRefusal): void => {
      clearTimeout(timer);
      message.removeListener('data', part);
      resolve(result);
    };
    const timer = setTimeout(() => settle(TOO_LATE), timeoutMs).unref();
    const part = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > GATHERED_MAX) settle(TOO_LARGE);
      else parts.push(chunk);
    };
    message.on('data', part);
    message.once('end', () => settle(Buffer.concat(parts)));
    message.once('close', () => settle(BROKE_OFF));
  });
}

const TOO_LARGE: CallRefusal = {
  status: 413,
  code: 'body_too_large',
  message: `A body without Content-Length may have ${GATHERED_MAX} bytes here; send its length`,
};
const TOO_LATE: CallRefusal = {
  status: 408,
  code: 'body_too_slow',
  message: 'The body did not come in time',
};
const BROKE_OFF: CallRefusal = { status: 400, code: 'invalid_request', message: 'The body broke off' };
