import type { Product } from './rows.ts';

/** Words for a service of which no more is known than its name and port. */
export const plainProduct = (name: string, defaultPort: number): Product => ({
  name,
  defaultPort,
  restart: `On the host: start the service again and see with ss -tlnp where it listens.`,
  bindSetting: 'On the host: the address the service is told to listen on',
  firewall: 'On the host and on the way: allow this address in the firewall.',
  accessList: 'On the host: the list of addresses that may connect',
  showCertificate: 'openssl x509 -noout -fingerprint -sha256 -in the certificate file (on the host)',
  renewCertificate: 'On the host: renew the certificate and start the service again.',
  uploadChain: 'On the host: serve the certificate together with its intermediate ones.',
  fetchAuthority: () =>
    'Get the certificate of the authority and give it to this connection, or pin the fingerprint.',
  trustAgain: 'give the connection its new fingerprint or authority',
  passOnCredential: 'The proxy in front must pass the Authorization header on, and ask for none of its own.',
});
