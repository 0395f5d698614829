import type { Guard } from './options.ts';

/** What Tessera answers for the service, and the name it bears between the answer and the service. */
const CARRIED = {
  Authorization: 'X-Tessera-Authorization',
  Cookie: 'X-Tessera-Cookie',
  'X-Auth-Request-User': 'X-Tessera-User',
  'X-Auth-Request-Email': 'X-Tessera-Email',
  'X-Auth-Request-Service': 'X-Tessera-Service',
  'X-Auth-Request-Token': 'X-Tessera-Token',
} as const;

/**
 * Caddy's forward_auth. When the answer lacks a header, its copy_headers leaves the client's own in place in some
 * versions and writes an unfilled placeholder (`{http...}`) in others. So the answer is copied under names of ours,
 * the client's headers are dropped, and only what Tessera gave is put back.
 */
export function caddySnippet(guard: Guard): string {
  const matcher = guard.path === '/' ? '' : ` ${guard.path}*`;
  const carried = Object.entries(CARRIED);
  const lines = (indent: string, each: (name: string, copy: string) => string[]) =>
    carried.flatMap(([name, copy]) => each(name, copy).map((line) => indent + line)).join('\n');
  return `# Guards ${guard.path} with Tessera: a whole Caddyfile; in a site you already have, copy the handle block.
:8080 {
	handle${matcher} {
		# In this order: strip forgeries, ask, pass on.
		route {
			request_header -X-Auth-Request-*
			request_header -X-Tessera-*

			forward_auth ${guard.tessera.origin} {
				uri ${guard.check}
				copy_headers {
${lines('\t\t\t\t\t', (name, copy) => [`${name}>${copy}`])}
				}
			}

			# The caller's own token ends here. What Tessera handed back goes on; a value that begins with a
			# brace is a placeholder which some versions of Caddy leave where the answer had nothing.
			request_header -Authorization
			request_header -Cookie
${lines('\t\t\t', (name, copy) => {
  const label = `@${copy.toLowerCase()}`;
  return [`${label} header_regexp ${copy} ^[^{]`, `request_header ${label} ${name} {header.${copy}}`];
})}
			request_header -X-Tessera-*

			reverse_proxy ${guard.upstream.origin}
		}
	}
}
`;
}
