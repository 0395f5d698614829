import type { CustomFetchOptions } from 'openid-client';

/** What a provider may send for one answer. Keys and metadata take a few kilobytes. */
const ANSWER_MAX_BYTES = 1024 * 1024;

/** `fetch` that never follows a redirect and gives up on an answer too large to be meant. */
export async function boundedFetch(url: string, options: CustomFetchOptions): Promise<Response> {
  const response = await fetch(url, { ...options, redirect: 'manual' } as RequestInit);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > ANSWER_MAX_BYTES) throw new TypeError(`the answer has more than ${ANSWER_MAX_BYTES} bytes`);
    parts.push(part);
  }
  const body = size === 0 ? null : Buffer.concat(parts);
  return new Response(body, { status: response.status, headers: response.headers });
}
