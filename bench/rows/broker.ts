import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brokered, brokeredGet, CREDENTIAL } from '../lib/brokered.ts';
import type { LoadRequest } from '../lib/load.ts';
import { LOAD_CORE, SERVER_CORE } from '../lib/machine.ts';
import { nginxVersion, proxyPass, startNginx } from '../lib/nginx.ts';
import { compare, pairsText, ratioText } from '../lib/pairs.ts';
import { freePort, ROOT, type ServerProcess, startNode } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';
import { probe } from '../lib/tessera.ts';

/** A brokered GET of 1 KiB against nginx and against a proxy library that put in the same credential. */
export const broker: Measurement = async (scale) => {
  const upstream = await startNginx(LOAD_CORE, { server: ONLY_WITH_CREDENTIAL });
  await writeFile(join(upstream.folder, 'files/kibibyte'), 'x'.repeat(1024));
  const tessera = await brokered(upstream.url);
  const through = brokeredGet(tessera, '/kibibyte');
  const nginx = await startNginx(SERVER_CORE, proxyPass(upstream.port, 'on'));
  const library = await startLibrary(upstream.url);
  const direct = (server: ServerProcess): LoadRequest => ({
    url: `${server.url}/kibibyte`,
    headers: {},
    expect: 'success',
  });
  for (const request of [through, direct(nginx), direct(library)]) {
    const text = await (await probe(request)).text();
    if (text.length !== 1024) throw new Error(`${request.url} answered ${text.length} bytes`);
  }

  const subject = { server: tessera.server, request: through };
  const overNginx = await compare(subject, { server: nginx, request: direct(nginx) }, scale);
  const overLibrary = await compare(subject, { server: library, request: direct(library) }, scale);
  await Promise.all([tessera.server.stop(), nginx.stop(), library.stop(), upstream.stop()]);
  return [
    {
      what: `brokered GET, 1 KiB, against \`proxy_pass\` of ${nginxVersion()} with kept connections and a static header`,
      target: '>= 0.30',
      measured: ratioText(overNginx),
      met: overNginx.ratio >= 0.3,
      notes: pairsText(overNginx),
    },
    {
      what: 'the same against http-proxy-3 1.23.2',
      target: '>= 2.5',
      measured: ratioText(overLibrary, 1),
      met: overLibrary.ratio >= 2.5,
      notes: pairsText(overLibrary, 1),
    },
  ];
};

/** The other system lets nobody in without the credential, so that no answer is counted that came without it. */
export const ONLY_WITH_CREDENTIAL = `if ($http_authorization != "Bearer ${CREDENTIAL}") { return 401; }`;

const startLibrary = async (target: string): Promise<ServerProcess> => {
  const port = await freePort();
  const settings = JSON.stringify({ port, target, credential: CREDENTIAL });
  return startNode([resolve(ROOT, 'bench/servers/http-proxy-3.mjs'), settings], port);
};
