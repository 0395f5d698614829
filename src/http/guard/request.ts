import type { IncomingMessage } from 'node:http';

/** What the guard reads of a request, gathered in one pass over the raw headers. */
export interface GuardRequest {
  readonly authorizations: string[];
  readonly cookies: string[];
  originalUrl: string | undefined;
  originalMethod: string | undefined;
  /** Traefik and Caddy name the guarded request in their own way, and pass any status on. */
  forwardedStyle: boolean;
  forwardedFor: string | undefined;
  requestedWith: string | undefined;
  origin: string | undefined;
  corsMethod: string | undefined;
}

export function readGuardRequest(message: IncomingMessage): GuardRequest {
  const raw = message.rawHeaders;
  const request: GuardRequest = {
    authorizations: [],
    cookies: [],
    originalUrl: undefined,
    originalMethod: undefined,
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
        else if (lower === 'origin') request.origin = raw[at + 1];
        break;
      }
      case 13:
        if (name.toLowerCase() === 'authorization') request.authorizations.push(raw[at + 1] as string);
        break;
      case 14:
        if (name.toLowerCase() === 'x-original-url') request.originalUrl = raw[at + 1];
        break;
      case 15: {
        const lower = name.toLowerCase();
        if (lower === 'x-forwarded-for') {
          request.forwardedFor =
            request.forwardedFor === undefined ? raw[at + 1] : `${request.forwardedFor},${raw[at + 1]}`;
        } else if (lower === 'x-forwarded-uri') forwardedUri = raw[at + 1];
        break;
      }
      case 16: {
        const lower = name.toLowerCase();
        if (lower === 'x-requested-with') request.requestedWith = raw[at + 1];
        else if (lower === 'x-forwarded-host') forwardedHost = raw[at + 1];
        break;
      }
      case 17: {
        const lower = name.toLowerCase();
        if (lower === 'x-original-method') request.originalMethod = raw[at + 1];
        else if (lower === 'x-forwarded-proto') forwardedProto = raw[at + 1];
        break;
      }
      case 18:
        if (name.toLowerCase() === 'x-forwarded-method') forwardedMethod = raw[at + 1];
        break;
      case 29:
        if (name.toLowerCase() === 'access-control-request-method') request.corsMethod = raw[at + 1];
        break;
      default:
    }
  }
  if (request.originalUrl === undefined && forwardedUri !== undefined && forwardedMethod !== undefined) {
    request.forwardedStyle = true;
    request.originalUrl = `${forwardedProto ?? 'http'}://${forwardedHost ?? ''}${forwardedUri}`;
    request.originalMethod = forwardedMethod;
  }
  return request;
}
