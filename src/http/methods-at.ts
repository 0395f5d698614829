import type { FastifyRequest } from 'fastify';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The methods that the address of a request has besides the one that was asked for. */
export function otherMethods({ server, method: asked, url }: FastifyRequest): string[] {
  const path = url.split('?', 1)[0] ?? '';
  return METHODS.filter((method) => method !== asked && server.findRoute({ method, url: path }) !== null);
}
