import { isIP } from 'node:net';
import { type Fault, fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { lintGuestName } from '../kinds/proxmox/lint.ts';

/** What somebody asks for; everything but the name and the version has a default. */
export interface MachineRequest {
  readonly name: string;
  readonly version: string;
  readonly connection?: string;
  readonly template?: number;
  readonly node?: string;
  readonly cores?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly storage?: string;
  readonly bridge?: string;
  readonly user?: string;
  readonly sshKeys?: readonly string[];
  readonly ip?: string;
  readonly gateway?: string;
  readonly nameservers?: readonly string[];
}

export const DEFAULTS = { cores: 2, memory: 2048, disk: 20, user: 'ubuntu', ip: 'dhcp' } as const;

const KEY =
  /^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp\d+|sk-(ssh|ecdsa)[\w-]*@openssh\.com) [A-Za-z0-9+/]+={0,2}( [^\r\n]*)?$/;
const NAME_MAX = 63;

/** Everything that can be judged without asking anybody. */
export function checkRequest(
  request: MachineRequest,
  templates: Readonly<Record<string, number>>,
): Result<number> {
  const [bad] = lintGuestName(request.name);
  if (bad !== undefined || request.name.length > NAME_MAX || request.name.includes('.')) {
    const suggestion =
      bad?.fix ?? `For example: ${request.name.replaceAll('.', '-').slice(0, NAME_MAX).replace(/-+$/, '')}`;
    return err(
      fieldFault(
        'invalid_request',
        'name',
        'names take letters, digits and hyphens, 63 characters at most',
        suggestion,
      ),
    );
  }
  const { ip = DEFAULTS.ip, gateway, nameservers = [], sshKeys = [], user = DEFAULTS.user } = request;
  const wrong = (field: string, message: string): Result<never> =>
    err(fieldFault('invalid_request', field, message));
  if (ip !== 'dhcp') {
    const [address = '', prefix = '', more] = ip.split('/');
    const family = isIP(address);
    if (
      family === 0 ||
      more !== undefined ||
      !/^\d{1,3}$/.test(prefix) ||
      Number(prefix) > (family === 4 ? 32 : 128)
    )
      return wrong('ip', "write 'dhcp', or an address with its prefix as 192.0.2.10/24");
    if (gateway !== undefined && isIP(gateway) !== family)
      return wrong('gateway', `must be an IPv${family} address`);
  } else if (gateway !== undefined) return wrong('gateway', 'goes with a fixed address only');
  if (nameservers.some((each) => isIP(each) === 0)) return wrong('nameservers', 'must be addresses');
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user))
    return wrong('user', 'small letters, digits, - and _; 32 at most');
  const odd = sshKeys.findIndex((key) => !KEY.test(key));
  if (odd !== -1) return wrong(`ssh_keys[${odd}]`, 'is no public SSH key');
  const template = request.template ?? templates[request.version];
  return template === undefined ? err(unknownVersion(request.version, templates)) : ok(template);
}

function unknownVersion(version: string, templates: Readonly<Record<string, number>>): Fault {
  const known = Object.keys(templates).sort();
  const key = `UBUNTU_${version.replace('.', '')}_TEMPLATE_ID`;
  return fault(
    'invalid_request',
    known.length === 0
      ? 'version: no template is configured on this server.'
      : `version: there is no template for Ubuntu ${version}; known: ${known.join(', ')}.`,
    {
      fields: [{ field: 'version', message: `known: ${known.join(', ') || 'none'}` }],
      fix: /^\d\d\.\d\d$/.test(version)
        ? `Set ${key} for the server to the id of a template; to build one: tessera vm template build ${version}`
        : 'Write it as 22.04.',
    },
  );
}
