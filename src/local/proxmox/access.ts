import type { Clock } from '../../base/clock.ts';
import { fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Finding } from '../../kinds/finding.ts';
import type { Credential, TestSubject } from '../../kinds/kind.ts';
import { readProxmoxCredential } from '../../kinds/proxmox/credential.ts';
import { readHost } from '../../kinds/proxmox/host.ts';
import { lintMethod, lintSettings } from '../../kinds/proxmox/lint.ts';
import { createOutbound } from '../../outbound/client.ts';
import type { Origin } from '../../outbound/origin.ts';
import type { Trust } from '../../outbound/trust.ts';
import { ending } from '../mask.ts';
import { surroundingsHere } from '../surroundings.ts';
import type { Environment } from './find-settings.ts';
import { DEFAULT_USER, type ProxmoxSettings } from './settings.ts';
import { trustOf } from './trust.ts';

/** Which credential the settings lead to, and why. */
export interface Chosen {
  readonly credential: Credential;
  /** For a person: `token root@pam!x, because PROXMOX_TOKEN_NAME is set; ...`. */
  readonly why: string;
  readonly passwordBeside: boolean;
  readonly findings: readonly Finding[];
}

/**
 * The token where its id is set, else the password: by presence, never by what works. Findings name what is
 * surprising about that; nothing is sent.
 */
export function chooseCredential(settings: ProxmoxSettings): Result<Chosen> {
  const { token, secret, password, names } = settings;
  const user = settings.user === '' ? DEFAULT_USER : settings.user;
  const surprises = lintMethod({ tokenId: token, tokenSecret: secret, password, tokenField: names.token });
  const pasted = /^[^\s=]+@[^\s=]+![^\s=]+=/.test(secret);
  if (token !== '' || pasted || (secret !== '' && password === '')) {
    const read = readProxmoxCredential({ method: 'token', user, name: token, secret });
    if (!read.ok) return err(renamed(read.error.message, names.secret));
    const beside = password === '' ? '' : `; ${names.password} is ignored`;
    const { credential } = read.value;
    const length = `secret of ${credential.secret.length} characters, ends in ${ending(credential.secret.reveal())}`;
    return ok({
      credential,
      why: `token ${credential.identity}, because ${token === '' ? names.secret : names.token} is set${beside}; ${length}`,
      passwordBeside: password !== '',
      findings: [...read.value.findings, ...surprises],
    });
  }
  if (password === '')
    return err(
      fieldFault(
        'invalid_request',
        names.token,
        `no credential in ${settings.source === '' ? 'sight' : settings.source}`,
        `set ${names.token} and ${names.secret}, or ${names.password}; or run: tessera proxmox setup`,
      ),
    );
  const read = readProxmoxCredential({ method: 'password', user, secret: password });
  if (!read.ok) return err(renamed(read.error.message, names.password));
  return ok({
    credential: read.value.credential,
    why: `password of ${read.value.credential.identity}, because ${names.token} is not set`,
    passwordBeside: false,
    findings: [...read.value.findings, ...surprises],
  });
}

/** The reader's words under the name the setting has where it was found. */
const renamed = (message: string, name: string) =>
  fieldFault('invalid_request', name, message.replace(/^\w+: /, ''), `put the right value for ${name}`);

/** Everything a probe needs, made from settings. `close` ends its sockets. */
export interface Access {
  readonly origin: Origin;
  readonly trust: Trust;
  readonly chosen: Chosen;
  readonly subject: TestSubject;
  readonly close: () => void;
}

/** Reads settings into a way to the server. Refused (`invalid_request`): what names no host or no credential. */
export async function openAccess(
  settings: ProxmoxSettings,
  clock: Clock,
  environment: Environment,
): Promise<Result<Access>> {
  if (settings.host === '')
    return err(
      fieldFault(
        'invalid_request',
        settings.names.host,
        'no host is known',
        `name it with --host or ${settings.names.host}; or run: tessera proxmox setup`,
      ),
    );
  const host = readHost(settings.host, settings.names.host);
  if (!host.ok) return host;
  const trust = await trustOf(settings, clock);
  if (!trust.ok) return trust;
  const chosen = chooseCredential(settings);
  if (!chosen.ok) return chosen;
  const client = createOutbound({ origin: host.value.origin, trust: trust.value.trust, clock });
  const hostFindings = settings.names.host === 'proxmox_api_url' ? [] : host.value.findings;
  const known = [
    ...lintSettings(settings.lines),
    ...hostFindings,
    ...chosen.value.findings,
    ...trust.value.findings,
  ];
  const surroundings = surroundingsHere(environment, clock);
  return ok({
    origin: host.value.origin,
    trust: trust.value.trust,
    chosen: chosen.value,
    subject: { client, credential: chosen.value.credential, clock, known, surroundings },
    close: client.close,
  });
}
