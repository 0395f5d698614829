import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Clock, DAY, seconds } from '../../base/clock.ts';
import { fault, fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { type Finding, findingsFrom, row } from '../../kinds/finding.ts';
import { checkAuthority, parseFingerprint, type Trust } from '../../outbound/trust.ts';
import { type ProxmoxSettings, TRUST_KEYS } from './settings.ts';

const find = findingsFrom({
  TLS_UNVERIFIED: row('tls', 'warning', (a: { why: string }) => [
    `The certificate is not checked (${a.why}): whoever stands in between can read the credential.`,
    'tessera proxmox trust --pin, or tessera proxmox trust --ca FILE',
  ]),
});

export interface FoundTrust {
  readonly trust: Trust;
  readonly findings: readonly Finding[];
}

/** How the other side has to prove itself, by the settings: pin, authority, nothing, or this machine's list. */
export async function trustOf(settings: ProxmoxSettings, clock: Clock): Promise<Result<FoundTrust>> {
  if (settings.pin !== '') {
    const pin = parseFingerprint(settings.pin, TRUST_KEYS.pin);
    return pin.ok ? ok({ trust: { mode: 'pin', sha256: pin.value }, findings: [] }) : pin;
  }
  if (settings.caFile !== '') {
    const pem = await readAuthority(resolve(settings.folder, settings.caFile));
    return pem.ok ? ok({ trust: { mode: 'ca', pem: pem.value }, findings: [] }) : pem;
  }
  const { names, verify } = settings;
  if (/^(|true|1|yes|on)$/.test(verify)) return ok({ trust: { mode: 'system' }, findings: [] });
  if (!/^(false|0|no|off)$/.test(verify))
    return err(
      fieldFault('invalid_request', names.verify, `"${verify}" is neither true nor false`, 'write true'),
    );
  return unverified(settings, clock);
}

function unverified(settings: ProxmoxSettings, clock: Clock): Result<FoundTrust> {
  const written = settings.names.verify === 'proxmox_tls_insecure' ? 'true' : 'false';
  const said = `${settings.names.verify}=${written} in ${settings.source}`;
  const reason = settings.noVerifyReason === '' ? said : `${said}: ${settings.noVerifyReason}`;
  const { noVerifyUntil } = settings;
  const end = noVerifyUntil === '' ? seconds(clock) + DAY : Math.floor(Date.parse(noVerifyUntil) / 1000);
  if (Number.isNaN(end))
    return err(fieldFault('invalid_request', TRUST_KEYS.until, 'is not a date', 'write YYYY-MM-DD'));
  return ok({
    trust: { mode: 'none', reason, untilSeconds: end },
    findings: [find('TLS_UNVERIFIED', 'P0', said, { why: reason })],
  });
}

/** PEM text of an authority in a file. */
export async function readAuthority(file: string): Promise<Result<string>> {
  const pem = await readFile(file, 'utf8').catch(() => null);
  return pem === null
    ? err(fault('invalid_request', `The authority cannot be read from ${file}.`, { fix: 'Check the path.' }))
    : checkAuthority(pem, file);
}

/** The trust in words, for a person. */
export function trustWords(trust: Trust): string {
  if (trust.mode === 'pin') return `pinned certificate ${trust.sha256}`;
  if (trust.mode === 'ca') return 'authorities in a file';
  if (trust.mode === 'none') return `NOT CHECKED until ${isoDate(trust.untilSeconds)}: ${trust.reason}`;
  return "this machine's authorities";
}

const isoDate = (atSeconds: number): string => new Date(atSeconds * 1000).toISOString().slice(0, 10);
