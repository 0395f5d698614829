import { describe, expect, test } from 'vitest';
import { parseOrigin } from '../../outbound/origin.ts';
import { templateFacts } from './inventory.ts';
import { explainRefusal, explainTask, type RefusalContext } from './refusal.ts';

const origin = parseOrigin('https://pve.lan:8006');
if (!origin.ok) throw new Error('origin');
const context: RefusalContext = {
  origin: origin.value,
  who: { user: 'root@pam', token: 'api' },
  node: 'pve1.lan',
  nodes: ['pve1', 'pve2'],
  name: 'bad name',
};
const code = (status: number, text: string, errors: Record<string, string> = {}): string =>
  explainRefusal({ call: 'GET /x', status, text, errors, server: 'pve-api-daemon/3.0' }, context, 'P10').code;

describe('a refused call', () => {
  test.each([
    [401, 'No ticket', 'AUTH_STRIPPED'],
    [401, 'no tokenid specified', 'TOKEN_ID_SHAPE'],
    [401, "'x' is not a valid token ID - not able to split into user and token parts", 'TOKEN_ID_SHAPE'],
    [401, "no such user ('u@r')", 'USER_UNKNOWN'],
    [401, "user 'u@r' is disabled", 'USER_DISABLED'],
    [401, "user 'u@r' access expired", 'USER_EXPIRED'],
    [401, "no such token 'n' for user 'u@r'", 'TOKEN_UNKNOWN'],
    [401, "token 'n' access expired", 'TOKEN_EXPIRED'],
    [401, 'invalid token value!', 'SECRET_WRONG'],
    [401, 'permission denied - invalid PVE ticket', 'TICKET_REFUSED'],
    [401, 'Permission denied - invalid csrf token', 'TICKET_REFUSED'],
    [401, 'authentication failure', 'PASSWORD_BAD'],
    [401, 'Authentication failed!', 'AUTH_OPAQUE'],
    [403, 'Permission check failed (/vms/9000, VM.Clone)', 'PRIV_MISSING'],
    [403, 'Permission check failed', 'PRIV_MISSING'],
    [403, 'Permission check failed (/vms/1, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)', 'AGENT_DENIED'],
    [403, 'Permission check failed (user != root@pam)', 'ROOT_ONLY'],
    [
      403,
      "Permission check failed (URI '/access/ticket' not available with API token, need proper ticket.",
      'TOKEN_NO_ROUTE',
    ],
    [500, "only root can set 'args' config", 'ROOT_ONLY'],
    [
      500,
      "hostname lookup 'pve1.lan' failed - failed to get address info for: pve1.lan: Name or service not known",
      'NODE_UNKNOWN',
    ],
    [595, 'Connection refused', 'NODE_UNKNOWN'],
    [500, 'cluster not ready - no quorum?', 'NO_QUORUM'],
    [500, "Configuration file 'nodes/pve1/qemu-server/9000.conf' does not exist", 'TEMPLATE_MISSING'],
    [500, 'VM is locked (clone)', 'VM_LOCKED'],
    [500, "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout", 'VM_LOCKED'],
    [500, 'unable to create VM 100: config file already exists', 'VMID_TAKEN'],
    [500, "storage 'x' does not exist", 'STORAGE_BAD'],
    [500, "storage 'x' is not available on node 'pve1'", 'STORAGE_BAD'],
    [500, 'No QEMU guest agent configured', 'NO_AGENT'],
    [500, 'QEMU guest agent is not running', 'NO_AGENT'],
    [501, "Method 'GET /api2/json/version' not implemented", 'PATH_DOUBLED'],
    [500, 'something nobody has seen', 'ANSWER_ODD'],
  ])('is explained by its text: %i %s', (status, text, expected) => {
    expect(code(status, text)).toBe(expected);
  });

  test('is explained by the parameter at fault', () => {
    const bad = 'Parameter verification failed.';
    expect(code(400, bad, { name: 'invalid format - value does not look like a valid DNS name' })).toBe(
      'NAME_BAD',
    );
    expect(code(400, bad, { privs: "invalid format - invalid privilege 'VM.Monitor'" })).toBe(
      'PRIV_OBSOLETE',
    );
    expect(code(400, bad, { storage: "storage 'iso' does not support vm images" })).toBe('STORAGE_BAD');
    expect(code(400, bad, { skiplock: 'Only root may use this option.' })).toBe('ROOT_ONLY');
    expect(code(400, bad, { vmid: 'VM 100 already exists' })).toBe('VMID_TAKEN');
  });

  test('between nodes tells an unknown name, a dead node and a refused certificate apart', () => {
    const at = (node: string, status: number): string =>
      explainRefusal({ call: 'GET /x', status, text: '', errors: {} }, { ...context, node }, 'P10').code;
    expect(at('pve1.lan', 596)).toBe('NODE_UNKNOWN');
    expect(at('pve1', 595)).toBe('NODE_OFFLINE');
    expect(at('pve1', 596)).toBe('NODE_CERT');
  });

  test('suggests the node that was meant', () => {
    const finding = explainRefusal({ call: 'GET /x', status: 596, text: '', errors: {} }, context, 'P10');
    expect(finding.sentence).toContain('Did you mean pve1?');
  });
});

describe('a failed task', () => {
  test('is explained by its end where the end is known, else quoted with its last lines', () => {
    expect(explainTask("bridge 'vmbr9' does not exist", [], context, 'UPID:x').code).toBe('BRIDGE_BAD');
    expect(explainTask('shrinking disks is not supported', [], context, 'UPID:x').code).toBe('DISK_SHRINK');
    const other = explainTask('disk full', ['a', 'b'], context, 'UPID:x');
    expect(other.code).toBe('TASK_FAILED');
    expect(other.sentence).toContain('disk full');
    expect(other.sentence).toContain('a / b');
  });
});

describe('the configuration of a template', () => {
  const guest = {
    id: 9000,
    name: 'u',
    node: 'pve',
    type: 'qemu',
    status: 'stopped',
    template: true,
    lock: '',
    tags: '',
  } as const;
  const config = {
    template: 1,
    agent: 'enabled=1,fstrim_cloned_disks=1',
    boot: 'order=ide2;scsi0;net0',
    ide2: 'local-lvm:vm-9000-cloudinit,media=cdrom,size=4M',
    scsi0: 'fast:base-9000-disk-0,size=2252M',
    net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr7,firewall=1',
    ostype: 'l26',
  };

  test('tells cloud-init, agent, storage, bridge and size of the disk that boots', () => {
    const facts = templateFacts(guest, config);
    expect(facts).toMatchObject({
      cloudInit: true,
      agent: true,
      storage: 'fast',
      bridge: 'vmbr7',
      template: true,
    });
    expect(facts.diskGib).toBeCloseTo(2252 / 1024);
  });

  test.each([
    [{ ide2: 'none,media=cdrom' }, { cloudInit: false }],
    [{ ide2: 'nfs:9000/vm-9000-cloudinit.qcow2,media=cdrom' }, { cloudInit: true }],
    [{ agent: '0' }, { agent: false }],
    [{ agent: '1' }, { agent: true }],
    [{ agent: 'type=virtio,enabled=1' }, { agent: true }],
    [{ template: 0 }, { template: false }],
    [{ scsi0: '' }, { storage: '' }],
  ])('reads %j as %j', (change, expected) => {
    expect(templateFacts(guest, { ...config, ...change })).toMatchObject(expected);
  });
});
