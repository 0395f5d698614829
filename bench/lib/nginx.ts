import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstLine } from './machine.ts';
import { freePort, type ServerProcess, startProgram } from './processes.ts';
import { newFolder } from './tessera.ts';

/** `nginx/1.22.1`, or null when it is not installed. */
export const nginxVersion = (): string | null => firstLine('nginx', ['-v'])?.match(/nginx\/\S+/)?.[0] ?? null;

/** One nginx process that serves this `http` block's `server` contents on a free port of a core. */
export async function startNginx(
  core: number,
  parts: { readonly server: string; readonly http?: string },
): Promise<ServerProcess & { readonly folder: string }> {
  const folder = await newFolder();
  const port = await freePort();
  await mkdir(join(folder, 'files'));
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    `daemon off; master_process off; worker_processes 1; error_log stderr crit; pid ${folder}/pid;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 75s; sendfile on; tcp_nopush off;
  default_type application/octet-stream; client_max_body_size 0;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  ${parts.http ?? ''}
  server { listen 127.0.0.1:${port} backlog=4096; root ${folder}/files; ${parts.server} }
}
`,
  );
  const server = await startProgram('nginx', ['-p', folder, '-c', file], port, core);
  return Object.assign(server, { folder });
}

/** The yardstick: `proxy_pass` with kept connections and a credential that is always the same. */
export const proxyPass = (upstreamPort: number, buffering: 'on' | 'off') => ({
  http: `upstream other { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 100000000; }`,
  server: `location / {
    proxy_pass http://other; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Authorization "Bearer the-credential-of-the-upstream"; proxy_pass_header Server;
    proxy_buffering ${buffering}; proxy_request_buffering ${buffering};
  }`,
});
