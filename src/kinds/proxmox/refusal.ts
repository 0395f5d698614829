import type { Origin } from '../../outbound/origin.ts';
import type { Finding } from '../finding.ts';
import { failedCall } from '../reach/failed.ts';
import type { CallFault } from './api.ts';
import { find } from './find.ts';
import { lintGuestName } from './lint.ts';
import { PROXMOX } from './product.ts';
import type { Who } from './rows-access.ts';

/** What is known around a refused call, so that the finding can name it. All optional but the credential. */
export interface RefusalContext {
  readonly origin: Origin;
  readonly who: Who;
  readonly node?: string;
  readonly nodes?: readonly string[];
  readonly guest?: number;
  readonly templates?: readonly string[];
  readonly storage?: string;
  readonly bridge?: string;
  readonly name?: string;
  /** Of the server, where known: 9 and later replaced VM.Monitor. */
  readonly release?: string;
}

/** Reason phrases of a 401, while releases still named the cause; since the end of 2025 all are one. */
export function explainUnauthorized(fault: CallFault, context: RefusalContext, probe = 'P7'): Finding {
  const { who } = context;
  const text = fault.text;
  const evidence = `${fault.call}: ${fault.status} ${text.split('\n')[0]}`;
  if (/no ticket/i.test(text))
    return find('AUTH_STRIPPED', probe, evidence, { passOn: PROXMOX.passOnCredential });
  if (/no tokenid specified|not a valid token ID/i.test(text))
    return find('TOKEN_ID_SHAPE', probe, evidence, { what: 'the server cannot read it' });
  if (/^no such user/i.test(text)) return find('USER_UNKNOWN', probe, evidence, who);
  if (/^no such token/i.test(text)) return find('TOKEN_UNKNOWN', probe, evidence, { ...who, others: [] });
  if (/invalid token value/i.test(text)) return find('SECRET_WRONG', probe, evidence, who);
  if (/^user .* is disabled/i.test(text)) return find('USER_DISABLED', probe, evidence, who);
  if (/^user .* access expired/i.test(text)) return find('USER_EXPIRED', probe, evidence, who);
  if (/^token .* access expired/i.test(text))
    return find('TOKEN_EXPIRED', probe, evidence, { ...who, date: '' });
  if (/invalid PVE ticket|invalid csrf token/i.test(text))
    return find('TICKET_REFUSED', probe, evidence, who);
  if (/^authentication failure$/im.test(text)) return find('PASSWORD_BAD', probe, evidence, who);
  return find('AUTH_OPAQUE', probe, evidence, who);
}

/** Turns any refused call into a finding of the table; what nothing explains is `ANSWER_ODD`. */
export function explainRefusal(fault: CallFault, context: RefusalContext, probe: string): Finding {
  if (fault.finding !== undefined) return fault.finding;
  if (fault.failure !== undefined) return failedCall(fault.failure, context.origin, PROXMOX, probe);
  if (fault.status === 401) return explainUnauthorized(fault, context, probe);
  const details = Object.entries(fault.errors).map(([key, value]) => `${key}: ${value}`);
  const evidence = `${fault.call}: ${fault.status} ${[fault.text.split('\n')[0], ...details].join('; ')}`;
  return (
    explainText([fault.text, ...details].join('\n'), context, probe, evidence) ??
    byStatus(fault, context, probe, evidence) ??
    find('ANSWER_ODD', probe, evidence, { status: fault.status, reason: fault.text.split('\n')[0] ?? '' })
  );
}

/** The end of a task that failed: the table's row where its text is known, else the text itself. */
export function explainTask(
  exitStatus: string,
  log: readonly string[],
  context: RefusalContext,
  upid: string,
): Finding {
  const evidence = `${upid}: ${exitStatus}`;
  return (
    explainText(exitStatus, context, 'P16', evidence) ??
    find('TASK_FAILED', 'P16', evidence, { said: exitStatus, log: log.slice(-5) })
  );
}

type Explain = (match: RegExpExecArray, context: RefusalContext, at: readonly [string, string]) => Finding;

/** Texts of the server that name their own cause, wherever they turn up: reason, message, or end of a task. */
const TEXTS: readonly (readonly [RegExp, Explain])[] = [
  [
    /user != root@pam|only root can set[^\n]*|Only root may use this option/,
    (match, _, [probe, evidence]) => find('ROOT_ONLY', probe, evidence, { what: match[0] }),
  ],
  [
    /URI '([^']*)' not available with API token/,
    (match, _, [probe, evidence]) => find('TOKEN_NO_ROUTE', probe, evidence, { what: match[1] ?? '' }),
  ],
  [
    /Permission check failed \(([^,()\s]+), ([^)]+)\)/,
    (match, context, [probe, evidence]) => {
      const [path = '', privilege = ''] = [match[1], match[2]];
      if (/GuestAgent|VM\.Monitor/.test(privilege))
        return find('AGENT_DENIED', probe, evidence, { privilege: privilege.split('|')[0] ?? '' });
      return find('PRIV_MISSING', probe, evidence, {
        gaps: [`${privilege.replaceAll('|', ' or ')} on ${path}`],
        fix: grantLines(context.who, [privilege.split('|')[0] ?? '']),
      });
    },
  ],
  [
    /Permission check failed/,
    (_match, _context, [probe, evidence]) =>
      find('PRIV_MISSING', probe, evidence, {
        gaps: ['the server does not say which'],
        fix: ['tessera proxmox permissions', 'Where guests belong to a pool, name the pool.'],
      }),
  ],
  [
    /invalid privilege '([^']+)'/,
    (match, context, [probe, evidence]) =>
      find('PRIV_OBSOLETE', probe, evidence, {
        old: [match[1] ?? ''],
        release: context.release ?? '9',
        instead:
          match[1] === 'VM.Monitor'
            ? 'VM.GuestAgent.Audit'
            : 'privileges this server knows (pveum role list)',
      }),
  ],
  [
    /hostname lookup '([^']+)' failed/,
    (match, context, [probe, evidence]) => nodeUnknown(match[1] ?? '', context.nodes ?? [], probe, evidence),
  ],
  [/no quorum/i, (_match, _context, [probe, evidence]) => find('NO_QUORUM', probe, evidence, {})],
  [
    /VM is locked \(([^)]+)\)/,
    (match, context, [probe, evidence]) =>
      find('VM_LOCKED', probe, evidence, { id: String(context.guest ?? ''), lock: match[1] ?? '' }),
  ],
  [
    /can't lock file '([^']+)'/,
    (match, context, [probe, evidence]) =>
      find('VM_LOCKED', probe, evidence, { id: String(context.guest ?? ''), lock: match[1] ?? '' }),
  ],
  [
    /unable to create VM (\d+): config file already exists|VM (\d+) already exists|vmid: VM (\d+) already exists/i,
    (match, _, [probe, evidence]) =>
      find('VMID_TAKEN', probe, evidence, { id: match[1] ?? match[2] ?? match[3] ?? '', next: '' }),
  ],
  [
    /Configuration file '[^']*\/(\d+)\.conf' does not exist/,
    (match, context, [probe, evidence]) =>
      find('TEMPLATE_MISSING', probe, evidence, { id: Number(match[1]), templates: context.templates ?? [] }),
  ],
  [
    /storage '([^']+)' (does not exist|is not available on node '[^']*'|is disabled|does not support vm images|is not online)/,
    (match, _, [probe, evidence]) =>
      find('STORAGE_BAD', probe, evidence, { storage: match[1] ?? '', why: match[2] ?? '', others: [] }),
  ],
  [
    /bridge '([^']+)' does not exist/,
    (match, context, [probe, evidence]) =>
      find('BRIDGE_BAD', probe, evidence, {
        bridge: match[1] ?? '',
        node: context.node ?? 'the node',
        hidden: false,
        subject: '',
        bridges: [],
      }),
  ],
  [
    /No QEMU guest agent configured|QEMU guest agent is not running/,
    (_match, context, [probe, evidence]) =>
      find('NO_AGENT', probe, evidence, { id: context.guest ?? 0, guest: true }),
  ],
  [
    /shrinking disks is not supported/,
    (_match, _context, [probe, evidence]) => find('DISK_SHRINK', probe, evidence, { has: '', wanted: '' }),
  ],
  [
    /Method '\w+ (\/api2\/[^']*)' not implemented/,
    (match, context, [probe, evidence]) =>
      find('PATH_DOUBLED', probe, evidence, { host: context.origin.host, path: match[1] ?? '' }),
  ],
  [
    /^name: /m,
    (_match, context, [probe, evidence]) =>
      lintGuestName(context.name ?? '_')[0] ??
      find('NAME_BAD', probe, evidence, { name: context.name ?? '', suggestion: 'guest-1' }),
  ],
];

function explainText(
  text: string,
  context: RefusalContext,
  probe: string,
  evidence: string,
): Finding | undefined {
  for (const [pattern, explain] of TEXTS) {
    const match = pattern.exec(text);
    if (match !== null) return explain(match, context, [probe, evidence]);
  }
  return undefined;
}

/** Codes of the hop from node to node; the text beside them differs between releases of OpenSSL. */
function byStatus(
  fault: CallFault,
  context: RefusalContext,
  probe: string,
  evidence: string,
): Finding | undefined {
  const { node = '', nodes = [] } = context;
  if ((fault.status === 595 || fault.status === 596) && nodes.length > 0 && !nodes.includes(node))
    return nodeUnknown(node, nodes, probe, evidence);
  if (fault.status === 595)
    return find('NODE_OFFLINE', probe, evidence, { node, others: nodes.filter((each) => each !== node) });
  if (fault.status === 596) return find('NODE_CERT', probe, evidence, { node });
  const foreign = !/pve-api-daemon/i.test(fault.server ?? '');
  const { host } = context.origin;
  if (foreign && (fault.status < 200 || fault.status >= 300 || fault.text !== ''))
    return find('PROXY_BAD', probe, evidence, { status: fault.status, host });
  return undefined;
}

/** A node's name in another case, with a domain, or otherwise close to a known one. */
export function nodeUnknown(
  node: string,
  nodes: readonly string[],
  probe: string,
  evidence: string,
): Finding {
  const plain = (text: string): string => (text.split('.')[0] ?? '').toLowerCase();
  const near =
    nodes.find((each) => plain(each) === plain(node)) ?? (nodes.length === 1 ? (nodes[0] ?? '') : '');
  return find('NODE_UNKNOWN', probe, evidence, { node, nodes, near });
}

/** The commands that give a role more privileges. */
export function grantLines(_who: Who, privileges: readonly string[]): string[] {
  return [`pveum role modify TesseraVM --append 1 --privs "${privileges.join(' ')}"`];
}
