import type { LoadRequest } from './load.ts';
import type { ServerProcess } from './processes.ts';
import { newFolder, post, serve, setUp } from './tessera.ts';

export interface Brokered {
  readonly server: ServerProcess;
  /** The token of the one who calls. */
  readonly token: string;
  /** Path below which the other system is reached. */
  readonly prefix: string;
}

export const CREDENTIAL = 'the-credential-of-the-upstream';

/** A server with one route to a system on this machine, whose credential is put into each call. */
export async function brokered(
  upstream: string,
  options: { readonly observed?: boolean; readonly maxConcurrent?: number } = {},
): Promise<Brokered> {
  const server = await serve(await newFolder(), { observed: options.observed ?? false });
  const admin = await setUp(server);
  await post(server, '/api/v1/connections', admin, {
    name: 'upstream',
    kind: 'http',
    url: upstream,
    credential: { secret: CREDENTIAL },
    test: false,
  });
  await post(server, '/api/v1/routes', admin, {
    name: 'lab',
    connection: 'upstream',
    ...(options.maxConcurrent === undefined ? {} : { max_concurrent: options.maxConcurrent }),
  });
  const made = await post(server, '/api/v1/service-tokens', admin, {
    username: 'bot-caller',
    scopes: ['all:lab'],
  });
  return { server, token: String(made.token), prefix: '/connect/lab' };
}

export const brokeredGet = ({ server, token, prefix }: Brokered, path: string): LoadRequest => ({
  url: `${server.url}${prefix}${path}`,
  headers: { Authorization: `Bearer ${token}` },
  expect: 'success',
});
