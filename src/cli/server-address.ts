import { usageError } from './failure.ts';

export const DEFAULT_SERVER = 'http://127.0.0.1:8001';

/** The address of a server in the one form profiles are kept under: no trailing slash, lower-case host. */
export function serverAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const bare = /^[a-zA-Z0-9.-]+(:\d+)?(\/.*)?$/.test(text);
    throw usageError(
      `'${text}' is not the address of a server.`,
      bare ? `Write http://${text} or https://${text}` : 'Write it as https://tokens.example.com',
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw usageError(
      'The address of a server has no user name, query or fragment.',
      `Write it as ${url.origin}`,
    );
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** A token in clear text over a network is a token lost. */
export function isUnprotected(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
