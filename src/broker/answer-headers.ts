import type { AnswerHead } from './answer-parser.ts';
import type { Rider } from './destinations.ts';
import { type FieldName, fieldName } from './field-name.ts';
import { reasonText } from './refusal.ts';
import { scrubText } from './scrub.ts';

/** The head with the injected secret masked wherever it is echoed: on the status line and in any header. */
export function withoutEcho(answer: AnswerHead, rider: Rider | null): AnswerHead {
  if (rider === null || !rider.texts.some((secret) => answer.text.includes(secret))) return answer;
  const { texts } = rider;
  return {
    ...answer,
    reason: scrubText(answer.reason, texts),
    rawHeaders: answer.rawHeaders.map((text) => scrubText(text, texts)),
  };
}

/** Headers as they go back, with one length or none. */
export function answerHeaders({ body, status, length, rawHeaders, fields, named }: AnswerHead): string[] {
  const hasLength = body === 'length' || (body === 'none' && status !== 204 && status !== 101);
  const kept: string[] = [];
  let announced = false;
  for (let at = 0; at < fields.length; at++) {
    const { lower, endsHere } = fields[at] as FieldName;
    if (endsHere || (named?.has(lower) ?? false)) continue;
    if (lower === 'content-length') {
      if (announced || !hasLength) continue;
      announced = true;
    }
    kept.push(rawHeaders[2 * at] as string, rawHeaders[2 * at + 1] as string);
  }
  // A connection that named its own length as a hop-by-hop header changes nothing about the body.
  if (!announced && body === 'length') kept.push('Content-Length', String(length));
  return kept;
}

/** The head that changes the protocol (RFC 9110 section 7.8). */
export function switchingHead(seen: AnswerHead, headers: readonly string[]): string {
  let text = `HTTP/1.1 101 ${reasonText(seen.reason) || 'Switching Protocols'}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${text}\r\n`;
}

const FORBIDDEN_TRAILER =
  /^(content-.*|authorization|host|cache-control|expires|location|range|vary|age|date)$/i;

/** Trailers as they go back; those that a trailer may not carry stay behind (RFC 9110 section 6.5.1). */
export function answerTrailers(trailers: readonly string[], rider: Rider | null): [string, string][] {
  const out: [string, string][] = [];
  for (let at = 0; at < trailers.length; at += 2) {
    const name = trailers[at] as string;
    if (!fieldName(name).endsHere && !FORBIDDEN_TRAILER.test(name))
      out.push([name, scrubText(trailers[at + 1] as string, rider?.texts ?? [])]);
  }
  return out;
}
