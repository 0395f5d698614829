import type { IncomingMessage } from 'node:http';
import { ok, type Result } from '../../../base/result.ts';
import type { Edition } from '../editions.ts';
import { notImplemented, type Refusal } from '../refusal.ts';
import type { RawParameters } from '../schema.ts';
import { parseForm, parseJson } from './parameters.ts';

export const UPLOAD_PATH = /^\/nodes\/[^/]+\/storage\/([^/]+)\/upload$/;

export interface ReadBody {
  readonly text: string;
  readonly parameters: RawParameters;
}

const NOTHING: ReadBody = { text: '', parameters: new Map() };

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Keeps the fields of an upload, and of the file itself only name and size. */
async function readUpload(request: IncomingMessage, contentType: string): Promise<ReadBody> {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1] ?? '';
  const parts = (await collect(request)).toString('latin1').split(`--${boundary}`);
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const [, head = '', body = ''] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)\r\n$/.exec(part) ?? [];
    const name = /name="([^"]*)"/.exec(head)?.[1];
    const file = /filename="([^"]*)"/.exec(head)?.[1];
    if (name === undefined) continue;
    if (file === undefined) parameters.set(name, body);
    else parameters.set('filename', file).set('size', String(body.length));
  }
  return { text: '', parameters };
}

/** Reads the body under the rules of the front: only POST and PUT have one, of known type and bounded length. */
export async function readBody(
  edition: Edition,
  request: IncomingMessage,
  path: string,
): Promise<Result<ReadBody, Refusal>> {
  const method = request.method ?? '';
  const length = Number(request.headers['content-length'] ?? 0);
  if (length === 0) return ok(NOTHING);
  if (method !== 'POST' && method !== 'PUT')
    return notImplemented(`Unexpected content for method '${method}'`);
  const contentType = request.headers['content-type'] ?? '';
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (method === 'POST' && UPLOAD_PATH.test(path) && type === 'multipart/form-data')
    return ok(await readUpload(request, contentType));
  if (length > edition.bodyLimitBytes) return notImplemented('for data too large');
  if (type !== '' && type !== 'application/x-www-form-urlencoded' && type !== 'application/json')
    return { ok: false, error: { status: 506, message: `upload 'Content-Type ${type}' not implemented` } };
  const text = (await collect(request)).toString('utf8');
  if (type !== 'application/json') return ok({ text, parameters: parseForm(edition, text) });
  const parsed = parseJson(edition, text);
  return parsed.ok ? ok({ text, parameters: parsed.value }) : parsed;
}
