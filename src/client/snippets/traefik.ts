import type { Guard } from './options.ts';

/** Traefik's ForwardAuth middleware, as dynamic configuration for the file provider. */
export function traefikSnippet(guard: Guard): string {
  const { service } = guard;
  return `# Guards ${guard.path} with Tessera: dynamic configuration, read by Traefik's file provider.
http:
  middlewares:
    tessera-${service}:
      forwardAuth:
        address: "${guard.tessera.origin}${guard.check}"
        # X-Forwarded-* of the client are not believed; Traefik writes its own.
        trustForwardHeader: false
        # Replaced by what Tessera answers, and removed where it answers nothing: forged identities and the
        # caller's own token do not reach the service.
        authResponseHeaders:
          - Authorization
          - Cookie
          - X-Auth-Request-User
          - X-Auth-Request-Email
          - X-Auth-Request-Service
          - X-Auth-Request-Token

  routers:
    ${service}:
      rule: "PathPrefix(\`${guard.path}\`)"
      middlewares:
        - tessera-${service}    # a router without this line is not guarded
      service: ${service}

  services:
    ${service}:
      loadBalancer:
        servers:
          - url: "${guard.upstream.origin}"
`;
}
