import type { FastMessage } from '../front.ts';
import type { ParameterFault } from './rule.ts';

/** What the guard reads of a request, gathered in one pass over the raw headers. */
export interface GuardRequest {
  readonly authorizations: string[];
  readonly cookies: string[];
  originalUrl: string | undefined;
  originalMethod: string | undefined;
  /**
   * The address as Traefik and Caddy write it, when it came beside `X-Original-URL`. Either may have been written by
   * the client and passed along, since each proxy overwrites only its own headers; nothing may rest on one alone.
   */
  otherUrl: string | undefined;
  /** All that name the method say OPTIONS, for the same reason. */
  isOptions: boolean;
  /** Traefik and Caddy name the guarded request in their own way, and pass any status on. */
  forwardedStyle: boolean;
  forwardedFor: string | undefined;
  requestedWith: string | undefined;
  origin: string | undefined;
  corsMethod: string | undefined;
}

/** Of a header that stands twice, the first counts. */
export function readGuardRequest(message: FastMessage): GuardRequest {
  const raw = message.rawHeaders;
  const request: GuardRequest = {
    authorizations: [],
    cookies: [],
    originalUrl: undefined,
    originalMethod: undefined,
    otherUrl: undefined,
    isOptions: true,
    forwardedStyle: false,
    forwardedFor: undefined,
    requestedWith: undefined,
    origin: undefined,
    corsMethod: undefined,
  };
  let forwardedUri: string | undefined;
  let forwardedMethod: string | undefined;
  let forwardedHost: string | undefined;
  let forwardedProto: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    // Only names of these lengths matter; the others are passed over without making a lower-case copy.
    switch (name.length) {
      case 6: {
        const lower = name.toLowerCase();
        if (lower === 'cookie') request.cookies.push(raw[at + 1] as string);
        else if (lower === 'origin') request.origin ??= raw[at + 1];
        break;
      }
      case 13:
        if (name === 'Authorization' || name.toLowerCase() === 'authorization')
          request.authorizations.push(raw[at + 1] as string);
        break;
      case 14:
        if (name === 'X-Original-URL' || name.toLowerCase() === 'x-original-url')
          request.originalUrl ??= raw[at + 1];
        break;
      case 15: {
        const lower = name.toLowerCase();
        if (lower === 'x-forwarded-for') {
          request.forwardedFor =
            request.forwardedFor === undefined ? raw[at + 1] : `${request.forwardedFor},${raw[at + 1]}`;
        } else if (lower === 'x-forwarded-uri') forwardedUri ??= raw[at + 1];
        break;
      }
      case 16: {
        const lower = name.toLowerCase();
        if (lower === 'x-requested-with') request.requestedWith ??= raw[at + 1];
        else if (lower === 'x-forwarded-host') forwardedHost ??= raw[at + 1];
        break;
      }
      case 17: {
        const lower = name === 'X-Original-Method' ? 'x-original-method' : name.toLowerCase();
        if (lower === 'x-original-method') {
          request.originalMethod ??= raw[at + 1];
          if (raw[at + 1] !== 'OPTIONS') request.isOptions = false;
        } else if (lower === 'x-forwarded-proto') forwardedProto ??= raw[at + 1];
        break;
      }
      case 18:
        if (name.toLowerCase() === 'x-forwarded-method') {
          forwardedMethod ??= raw[at + 1];
          if (raw[at + 1] !== 'OPTIONS') request.isOptions = false;
        }
        break;
      case 29:
        if (name.toLowerCase() === 'access-control-request-method') request.corsMethod ??= raw[at + 1];
        break;
      default:
    }
  }
  if (forwardedUri !== undefined && forwardedMethod !== undefined) {
    const forwardedUrl = `${forwardedProto ?? 'http'}://${forwardedHost ?? ''}${forwardedUri}`;
    if (request.originalUrl === undefined || request.originalMethod === undefined) {
      request.forwardedStyle = true;
      request.originalUrl = forwardedUrl;
      request.originalMethod = forwardedMethod;
    } else {
      request.otherUrl = forwardedUrl;
    }
  }
  return request;
}

/** What of a request no proxy said; null: nothing is missing. */
export function missingHeaders(request: GuardRequest): ParameterFault[] | null {
  if (request.originalUrl !== undefined && request.originalMethod !== undefined) return null;
  const missing = (name: string): ParameterFault => ({
    type: 'missing',
    loc: ['header', name],
    msg: 'Field required',
    input: null,
  });
  return [
    ...(request.originalUrl === undefined ? [missing('x-original-url')] : []),
    ...(request.originalMethod === undefined ? [missing('x-original-method')] : []),
  ];
}
