import { row } from '../finding.ts';

/** How a product calls the things that the network rows talk about. */
export interface Product {
  readonly name: string;
  readonly defaultPort: number;
  /** Starts the service again and shows where it listens. */
  readonly restart: string;
  readonly bindSetting: string;
  readonly firewall: string;
  readonly accessList: string;
  readonly showCertificate: string;
  readonly renewCertificate: string;
  readonly uploadChain: string;
  /** Brings the product's own authority here, and makes the connection trust it. */
  readonly fetchAuthority: (host: string) => string;
  readonly trustAgain: string;
  readonly passOnCredential: string;
}

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly product: Product;
}

/** Rows 3 to 27 of the diagnosis table and five of our own: the same for every kind of system. */
export const REACH_ROWS = {
  DNS_NOT_FOUND: row('dns', 'blocking', ({ host }: Place) => [
    `The name ${host} is unknown to this machine's resolver.`,
    `Here: getent hosts ${host}; use the IP address, or add a DNS or hosts entry.`,
  ]),
  DNS_TEMPORARY: row('dns', 'blocking', ({ host }: Place) => [
    `The resolver itself does not answer, so ${host} cannot be looked up.`,
    'Here: check /etc/resolv.conf and the VPN.',
  ]),
  ADDRESS_FORBIDDEN: row('dns', 'blocking', ({ host }: Place) => [
    `${host} leads to an address that is never dialled: this machine itself, a neighbour without a router, or a cloud's own service.`,
    `Correct the DNS or hosts entry of ${host}; register localhost by that name where it is meant.`,
  ]),
  DNS_STALE: row('dns', 'blocking', (a: Place & { readonly old: string; readonly right: string }) => [
    `${a.host} points at an address where nothing answers (${a.old}, not ${a.right}).`,
    `Correct the DNS or hosts record of ${a.host}, or use ${a.right}.`,
  ]),
  REFUSED: row('tcp', 'blocking', ({ host, port, product }: Place) => [
    `${host} is up, but nothing listens on port ${port}.`,
    product.restart,
  ]),
  PORT_WRONG: row('tcp', 'blocking', ({ host, port, product }: Place) => [
    `${product.name} answers on port ${product.defaultPort}, not ${port}.`,
    `Use ${host}:${product.defaultPort}, or leave the port out.`,
  ]),
  LISTEN_LOCAL: row('tcp', 'blocking', (a: Place & { readonly bound: string }) => [
    `The service is bound to ${a.bound}, not to the address that was asked.`,
    a.product.bindSetting,
  ]),
  TIMEOUT: row('tcp', 'blocking', ({ host, port, product }: Place) => [
    `Packets to ${host} port ${port} are dropped, as a firewall does.`,
    product.firewall,
  ]),
  UNREACHABLE: row('tcp', 'blocking', ({ host }: Place) => [
    `There is no route from here to ${host}.`,
    'Check the VPN, the VLAN and the gateway of this machine.',
  ]),
  ONE_FAMILY: row('tcp', 'warning', (a: Place & { readonly good: string; readonly bad: string }) => [
    `${a.host} answers over ${a.good} only; its ${a.bad} address does not.`,
    `Correct the ${a.bad} record of ${a.host}, or register the working address.`,
  ]),
  ACL_CLOSED: row('tcp', 'blocking', ({ host, product }: Place) => [
    `${host} closes connections from this address at once, as a host access list does.`,
    product.accessList,
  ]),
  BANNED: row('tcp', 'blocking', ({ host }: Place) => [
    `${host} answered until several logins were refused: this address was probably blocked.`,
    'Put the credential right first; then, on the host: fail2ban-client status, and lift the ban.',
  ]),
  NOT_HTTP: row('tls', 'blocking', (a: Place & { readonly service: string }) => [
    `Port ${a.port} is ${a.service}, not the API.`,
    `Use port ${a.product.defaultPort}.`,
  ]),
  PLAIN_HTTP: row('tls', 'blocking', ({ port, product }: Place) => [
    `Port ${port} speaks unencrypted HTTP.`,
    `Point at port ${product.defaultPort}, or at the https port of the proxy.`,
  ]),
  HTTP_SCHEME: row('product', 'blocking', ({ host, product }: Place) => [
    `Use https: ${product.name} does not serve its API in clear.`,
    `Register https://${host}:${product.defaultPort}.`,
  ]),
  CLEAR_TEXT: row('tls', 'warning', ({ host, port }: Place) => [
    `The credential travels to ${host} port ${port} unencrypted: anybody on the way can read it.`,
    `Register an https:// address of ${host}.`,
  ]),
  TLS_SELF_SIGNED: row('tls', 'blocking', (a: Place & { readonly fingerprint: string }) => [
    `The certificate of ${a.host} vouches for itself; its SHA-256 is ${a.fingerprint}.`,
    `Compare with: ${a.product.showCertificate}. Then pin it, or upload a certificate.`,
  ]),
  TLS_PRIVATE_CA: row('tls', 'blocking', (a: Place & { readonly issuer: string; readonly own: boolean }) => [
    a.own
      ? `The certificate was issued by this cluster's own authority, which is not trusted here yet.`
      : `The certificate was issued by ${a.issuer}, which is not trusted here.`,
    a.own
      ? a.product.fetchAuthority(a.host)
      : `Get the authority's certificate from whoever runs it and give it to this connection, or pin the fingerprint.`,
  ]),
  TLS_CHAIN_GAP: row('tls', 'blocking', (a: Place & { readonly issuer: string }) => [
    `${a.host} does not send the intermediate certificate (${a.issuer}).`,
    a.product.uploadChain,
  ]),
  TLS_NAME: row('tls', 'blocking', (a: Place & { readonly names: readonly string[] }) => [
    `The certificate is for ${a.names.join(', ') || 'no name at all'}; you typed ${a.host}.`,
    `Use ${a.names[0] ?? 'a name of the certificate'}, or add ${a.host} to the names of the certificate.`,
  ]),
  TLS_EXPIRED: row('tls', 'blocking', (a: Place & { readonly date: string }) => [
    `The certificate ended on ${a.date}.`,
    a.product.renewCertificate,
  ]),
  TLS_NOT_YET: row('tls', 'blocking', (a: Place & { readonly date: string }) => [
    `The certificate is valid only from ${a.date} on.`,
    `Check the clock of whoever issued it. ${a.product.renewCertificate}`,
  ]),
  CLOCK_HERE: row('tls', 'blocking', (a: Place & { readonly offset: string }) => [
    `This machine's clock is ${a.offset}.`,
    'Here: timedatectl set-ntp true',
  ]),
  TLS_CHANGED: row(
    'tls',
    'blocking',
    (a: Place & { readonly old: string; readonly now: string; readonly since: string }) => [
      `The identity of ${a.host} changed${a.since === '' ? '' : ` since ${a.since}`}: pinned ${a.old}, now ${a.now}. Nothing was sent.`,
      `Compare with: ${a.product.showCertificate}. Was it renewed, then: ${a.product.trustAgain}`,
    ],
  ),
  TRUST_ENDED: row('tls', 'blocking', (a: Place & { readonly until: string }) => [
    `Verification was switched off until ${a.until}, and that time is over. Nothing was sent.`,
    `Pin the certificate or give its authority; ${a.product.trustAgain}`,
  ]),
  TLS_VERSION: row('tls', 'blocking', (a: Place & { readonly best: string }) => [
    `${a.host} offers nothing newer than ${a.best} (Terraform's provider wants TLSv1.3 by default).`,
    'Upgrade the server or the proxy in front of it; for the provider alone: min_tls = "1.2".',
  ]),
  TLS_FAILED: row('tls', 'blocking', ({ host, port }: Place) => [
    `The TLS handshake with ${host} port ${port} failed.`,
    `Here: openssl s_client -connect ${host}:${port}`,
  ]),
  TLS_INTERCEPT: row('tls', 'blocking', (a: Place & { readonly issuer: string }) => [
    `A security gateway opens this connection (${a.issuer}).`,
    `Exempt ${a.host} from inspection, or trust the gateway's authority knowingly.`,
  ]),
  NO_ANSWER: row('product', 'blocking', (a: Place & { readonly what: string }) => [
    `${a.host} took the question and gave no usable answer: ${a.what}.`,
    `Ask again; if it stays, look at the service and at whatever stands in front of it.`,
  ]),
  PROXY_NEEDED: row('tcp', 'blocking', (a: Place & { readonly proxy: string }) => [
    `Other programs here reach ${a.host} through ${a.proxy}; connections of Tessera go straight.`,
    `Open the way from this machine to ${a.host} port ${a.port}, or run Tessera where the way is open.`,
  ]),
  CLOCK_SERVER: row('product', 'warning', (a: Place & { readonly offset: string }) => [
    `The clock of ${a.host} is ${a.offset}; expiry dates and one-time codes fail by it.`,
    `On ${a.host}: timedatectl; chronyc tracking`,
  ]),
};
