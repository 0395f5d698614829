import type { Guard } from './options.ts';

/**
 * nginx with `ngx_http_auth_request_module`. Of the check's answer that module understands 2xx, 401 and 403 only,
 * so Tessera carries other statuses and every body in headers, and the named location below unpacks them.
 */
export function nginxSnippet(guard: Guard): string {
  const { tessera, upstream, service } = guard;
  const check = `/_tessera/${service}`;
  return `# Guards ${guard.path} with Tessera. This is a whole file for conf.d/; in a server you already have,
# keep the upstreams outside and copy the locations.

upstream tessera {
    server ${tessera.authority};
    keepalive 32;    # without kept connections every check pays for a new one
}

upstream ${service} {
    server ${upstream.authority};
    keepalive 16;
}

server {
    listen 8080;

    # The question to Tessera. 'internal' keeps it out of reach of clients; let nothing else lead to /ingress/.
    location = ${check} {
        internal;
        proxy_pass "${tessera.scheme}://tessera${guard.check}";
        proxy_method GET;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_http_version 1.1;          # this and the empty Connection are what keeps connections open
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
${tls(tessera)}    }

    # Never answer with 'return' in a guarded location: it runs before auth_request, so nobody would be asked.
    # Pass the request on (proxy_pass), or serve files.
    location ${guard.path} {
        auth_request ${check};

        # What the service sees is what Tessera said and not what the client sent: an empty value removes the
        # header, so forged identities and the caller's own token end here.
        auth_request_set $tessera_authorization $upstream_http_authorization;
        auth_request_set $tessera_cookie $upstream_http_cookie;
        auth_request_set $tessera_user $upstream_http_x_auth_request_user;
        auth_request_set $tessera_email $upstream_http_x_auth_request_email;
        auth_request_set $tessera_service $upstream_http_x_auth_request_service;
        auth_request_set $tessera_token $upstream_http_x_auth_request_token;
        proxy_set_header Authorization $tessera_authorization;
        proxy_set_header Cookie $tessera_cookie;
        proxy_set_header X-Auth-Request-User $tessera_user;
        proxy_set_header X-Auth-Request-Email $tessera_email;
        proxy_set_header X-Auth-Request-Service $tessera_service;
        proxy_set_header X-Auth-Request-Token $tessera_token;

        # What a refused client sees: see the last three locations.
        auth_request_set $tessera_status $upstream_http_x_error_status;
        auth_request_set $tessera_body $upstream_http_x_error_body;
        auth_request_set $tessera_challenge $upstream_http_www_authenticate;
        auth_request_set $tessera_retry $upstream_http_retry_after;
        error_page 401 = @tessera_unknown;
        error_page 403 = @tessera_refused;
        error_page 500 = @tessera_silent;

        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_pass ${upstream.scheme}://${service};
${tls(upstream)}    }

    # No valid credential. nginx hands on the challenge (WWW-Authenticate) of a 401 by itself.
    location @tessera_unknown {
        internal;
        default_type application/json;
        add_header Cache-Control "no-cache, no-store" always;
        if ($tessera_body = "") {
            set $tessera_body '{"detail": {"msg": "Authentication required", "type": "no_authorization"}}';
        }
        return 401 $tessera_body;
    }

    # nginx lets only 401 and 403 through; the real status and the body travel in X-Error-Status and X-Error-Body.
    location @tessera_refused {
        internal;
        default_type application/json;
        add_header WWW-Authenticate $tessera_challenge always;
        add_header Retry-After $tessera_retry always;
        add_header Cache-Control "no-cache, no-store" always;
        if ($tessera_body = "") {
            set $tessera_body '{"detail": {"msg": "Authentication required", "type": "no_authorization"}}';
        }
        if ($tessera_status = 400) { return 400 $tessera_body; }
        if ($tessera_status = 404) { return 404 $tessera_body; }
        if ($tessera_status = 429) { return 429 $tessera_body; }
        if ($tessera_status = 503) { return 503 $tessera_body; }
        return 403 $tessera_body;
    }

    # Tessera gave no usable answer: nobody gets in.
    location @tessera_silent {
        internal;
        default_type application/json;
        add_header Cache-Control "no-cache, no-store" always;
        return 503 '{"detail": [{"msg": "The authorization service does not answer", "type": "unavailable"}]}';
    }
}
`;
}

/** nginx does not check certificates of upstreams unless told to, and names none in the handshake. */
function tls(address: Guard['tessera']): string {
  if (address.scheme === 'http') return '';
  return `        proxy_ssl_server_name on;
        proxy_ssl_name ${address.hostname};
        proxy_ssl_verify on;
        proxy_ssl_verify_depth 3;
        proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;
`;
}
