import { Secret } from '../../src/base/secret.ts';
import type { ProxmoxDouble, ProxmoxDoubleOptions } from '../../src/doubles/proxmox/double.ts';
import type { ProxmoxFault } from '../../src/doubles/proxmox/faults.ts';
import type { Finding } from '../../src/kinds/finding.ts';
import type { Credential, Expectations, Report } from '../../src/kinds/kind.ts';
import { path, proxmoxApi } from '../../src/kinds/proxmox/api.ts';
import { testProxmox } from '../../src/kinds/proxmox/diagnose.ts';
import { tokenIdOf } from '../../src/kinds/proxmox/identity.ts';
import { explainRefusal } from '../../src/kinds/proxmox/refusal.ts';
import { proxmoxCarrier } from '../../src/kinds/proxmox/session.ts';
import type { Trust } from '../../src/outbound/trust.ts';
import { LAB, password, subjectOf, token } from './support.ts';

export interface FaultOfServer {
  readonly options?: ProxmoxDoubleOptions;
  readonly expect?: (double: ProxmoxDouble) => Expectations;
  readonly credential?: (double: ProxmoxDouble) => Credential;
  readonly trust?: (double: ProxmoxDouble) => Trust;
  /** The fault shows in work, not in a look: this does the work and explains its refusal. */
  readonly work?: (double: ProxmoxDouble) => Promise<Finding>;
}

export const flow = (double: ProxmoxDouble): Credential => token(double.credentials.flowToken.full);
export const byPassword = (double: ProxmoxDouble): Credential => password(double.credentials.maker);
export const nothing: Trust = { mode: 'system' };

/** Clones as the flow token does, waits for the task, and explains whichever of the two refuses. */
async function clone(double: ProxmoxDouble, config?: Record<string, string>): Promise<Finding> {
  const subject = subjectOf(double, flow(double));
  const api = proxmoxApi(subject, proxmoxCarrier(subject));
  const { user, token: name } = tokenIdOf(subject.credential.identity);
  const context = { origin: subject.client.origin, who: { user, token: name }, name: 'test-vm', guest: 9000 };
  const started = await api.post(path`/nodes/${'pve'}/qemu/${9000}/clone`, {
    newid: 300,
    name: 'test-vm',
    full: true,
  });
  if (!started.ok) return explainRefusal(started.error, context, 'P16');
  const upid = String(started.value);
  for (;;) {
    const status = await api.get(path`/nodes/${'pve'}/tasks/${upid}/status`);
    if (!status.ok) throw new Error(status.error.text);
    const { status: state } = status.value as { status: string };
    if (state === 'stopped') break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (config !== undefined) {
    const changed = await api.put(path`/nodes/${'pve'}/qemu/${300}/config`, config);
    if (!changed.ok) return explainRefusal(changed.error, context, 'P16');
  }
  const report = await testProxmox({ ...subject, expect: { upid } });
  const [found] = report.findings;
  if (found === undefined) throw new Error('the work was not refused');
  return found;
}

/** How each fault of the server is met; an empty row is a plain test with the flow token. */
export const FAULTS_OF_SERVER: Partial<Record<ProxmoxFault, FaultOfServer>> = {
  REFUSED: {},
  ACL_CLOSED: {},
  NOT_HTTP: {},
  PLAIN_HTTP: {},
  TLS_SELF_SIGNED: { trust: () => nothing },
  TLS_PRIVATE_CA: { trust: () => nothing },
  TLS_NAME: {},
  TLS_EXPIRED: {},
  TLS_NOT_YET: {},
  TLS_CHANGED: { trust: (double) => ({ mode: 'pin', sha256: double.fingerprint }) },
  TLS_VERSION: {},
  TLS_INTERCEPT: { trust: () => nothing },
  CLOCK_HERE: {},
  HTTP_SCHEME: {},
  PROXY_BAD: {},
  AUTH_STRIPPED: {},
  PRODUCT_WRONG: {},
  PATH_DOUBLED: {},
  WRONG_REALM: {},
  USER_UNKNOWN: { options: { release: '9.1' } },
  TOKEN_UNKNOWN: { options: { release: '9.1' } },
  SECRET_WRONG: { options: { release: '8.2' } },
  USER_DISABLED: { options: { release: '9.1' } },
  USER_EXPIRED: { options: { release: '8.2' } },
  TOKEN_EXPIRED: { options: { release: '7' } },
  CLOCK_SERVER: {},
  AUTH_OPAQUE: {},
  PASSWORD_BAD: { credential: byPassword },
  TFA_NEEDED: { credential: byPassword },
  PRIVSEP_EMPTY: {},
  PRIVSEP_USER: {
    expect: (double) => ({ ...LAB, password: new Secret(double.credentials.maker.password) }),
  },
  PRIV_MISSING: {},
  ROLE_VMADMIN: {},
  ACL_NO_PROPAGATE: {},
  PRIV_OBSOLETE: { expect: () => ({ ...LAB, privileges: ['VM.Monitor', 'VM.Clone'] }) },
  ROOT_ONLY: { work: (double) => clone(double, { description: 'x' }) },
  TOKEN_NO_ROUTE: { work: clone },
  NODE_UNKNOWN: {},
  NODE_OFFLINE: {},
  NODE_CERT: {},
  NO_QUORUM: { credential: (double) => token(double.credentials.adminToken.full) },
  TEMPLATES_HIDDEN: {},
  TEMPLATES_NONE: {},
  TEMPLATE_MISSING: {},
  TEMPLATE_OTHER_NODE: {},
  TEMPLATE_NOT: {},
  TEMPLATE_LXC: {},
  TEMPLATE_WRONG_OS: {},
  NO_CLOUDINIT: {},
  NO_AGENT: {},
  AGENT_DENIED: {},
  STORAGE_BAD: {},
  BRIDGE_BAD: {},
  VMID_TAKEN: { work: clone },
  VM_LOCKED: { work: clone },
  NAME_BAD: { work: clone },
  DISK_SHRINK: {},
  TASK_FAILED: { work: clone },
};

/** Tests the cluster as the row says. */
export async function diagnose(double: ProxmoxDouble, row: FaultOfServer): Promise<Report> {
  const credential = (row.credential ?? flow)(double);
  const trust = row.trust?.(double);
  const subject = subjectOf(double, credential, trust === undefined ? {} : { trust });
  return testProxmox({ ...subject, expect: row.expect?.(double) ?? LAB });
}
