import type { OutboundResponse } from '../../outbound/message.ts';
import type { Product } from '../reach/rows.ts';
import type { PublicFace } from '../reach/subject.ts';

export const PROXMOX: Product = {
  name: 'Proxmox VE',
  defaultPort: 8006,
  restart: 'On the host: systemctl restart pveproxy; then ss -tlnp, and look for 8006.',
  bindSetting: 'On the host: remove LISTEN_IP from /etc/default/pveproxy; systemctl restart pveproxy',
  firewall: 'On the host: pve-firewall status; allow TCP 8006 from this address (Datacenter, Firewall, Add).',
  accessList: 'On the host: ALLOW_FROM and DENY_FROM in /etc/default/pveproxy',
  showCertificate: 'pvenode cert info (on the host)',
  renewCertificate:
    'On the host: pvecm updatecerts --force; systemctl restart pveproxy; or renew the ACME certificate.',
  uploadChain: 'Node, System, Certificates: upload the certificate together with its chain.',
  fetchAuthority: (host) =>
    `Here: scp root@${host}:/etc/pve/pve-root-ca.pem . ; then: tessera proxmox trust --ca pve-root-ca.pem`,
  trustAgain: 'tessera proxmox trust --replace',
  passOnCredential: 'nginx: proxy_set_header Authorization $http_authorization; and no auth_basic of its own',
};

/** Open to everybody by design, and only Proxmox has it: realms to choose from at the login form. */
export const REALMS_PATH = '/api2/json/access/domains';

export const isProxmoxServer = (answer: OutboundResponse): boolean =>
  /^pve-api-daemon/i.test(answer.headers.server ?? '');

export const PROXMOX_FACE: PublicFace = { path: REALMS_PATH, recognise: isProxmoxServer };
