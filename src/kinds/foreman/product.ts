import type { OutboundResponse } from '../../outbound/message.ts';
import { asRecord, parseJson } from '../json.ts';
import type { Product } from '../reach/rows.ts';
import type { PublicFace } from '../reach/subject.ts';

export const FOREMAN: Product = {
  name: 'Foreman',
  defaultPort: 443,
  restart:
    'On the host: systemctl restart httpd foreman (apache2 on Debian); then ss -tlnp, and look for 443.',
  bindSetting: 'On the host: the Listen lines of the web server in front of Foreman',
  firewall: 'On the host: firewall-cmd --list-all; allow TCP 443 from this address.',
  accessList: 'On the host: Require and Allow lines of the web server in front of Foreman',
  showCertificate:
    'openssl x509 -noout -fingerprint -sha256 -in the certificate named by SSLCertificateFile (on the host)',
  renewCertificate:
    'On the host: renew the certificate of the web server and restart it (foreman-installer).',
  uploadChain: 'On the host: set SSLCertificateChainFile of the web server to the intermediate certificate.',
  fetchAuthority: (host) =>
    `Here: scp root@${host}:/etc/puppetlabs/puppet/ssl/certs/ca.pem . ; then give it to the connection as its authority.`,
  trustAgain: 'pin the new fingerprint, or give the authority, to the connection again',
  passOnCredential: 'The proxy in front must pass the Authorization header on, and ask for none of its own.',
};

/** Open to everybody; needs no login and counts towards no lock-out. */
export const PING_PATH = '/api/ping';

/** Foreman marks every answer of its API with the checksum of its documentation, refusals included. */
export function isForeman(answer: OutboundResponse): boolean {
  if (answer.headers['apipie-checksum'] !== undefined) return true;
  return asRecord(asRecord(parseJson(answer.body)).results).foreman !== undefined;
}

export const FOREMAN_FACE: PublicFace = { path: PING_PATH, recognise: isForeman };
