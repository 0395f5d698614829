import { err, ok, type Result } from '../../base/result.ts';
import { type Origin, parseOrigin } from '../../outbound/origin.ts';
import type { Finding } from '../finding.ts';
import { findingsFrom } from '../finding.ts';
import { REACH_ROWS } from '../reach/rows.ts';
import { find } from './find.ts';
import { PROXMOX } from './product.ts';

const reachFinding = findingsFrom(REACH_ROWS);

export interface ReadHost {
  readonly origin: Origin;
  readonly findings: readonly Finding[];
}

const SAMPLES = /^(your[-_.]|my[-_.]?proxmox|proxmox\.example|example\.|x+$|<.*>$|changeme)/i;

/**
 * Reads whatever was typed as host of a Proxmox VE: a name, `name:port`, a URL of the web page or of the API.
 * Scheme, path and blanks are taken off and a finding says so; port 8006 is assumed.
 *
 * @param field name of the setting, for messages
 */
export function readHost(text: string, field = 'PROXMOX_HOST'): Result<ReadHost> {
  const trimmed = text
    .replace(/[\u200b-\u200d\u2060\ufeff]/g, '')
    .trim()
    .replace(/^["']|["']$/g, '');
  const schemed = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed);
  const bare = trimmed.replace(/^https?:\/\//i, '').replace(/[/?#].*$/, '');
  const isIPv6 = /^[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*$/i.test(bare);
  const authority = isIPv6 ? `[${bare}]` : bare;
  const plain = /^http:\/\//i.test(trimmed);
  const explicitPort = /:\d+$/.test(isIPv6 ? '' : authority);
  const scheme = schemed && !/^https?:/i.test(trimmed) ? trimmed : undefined;
  const url = scheme ?? `${plain ? 'http' : 'https'}://${authority}${explicitPort ? '' : ':8006'}`;
  const origin = parseOrigin(trimmed === '' ? '' : url, field);
  if (!origin.ok) return err(origin.error);
  const { host, port } = origin.value;
  const findings: Finding[] = [];
  const shown = host.includes(':') ? `[${host}]` : host;
  const asTyped = [host, shown, `${shown}:${port}`, `${shown}:${port}/`].includes(text.toLowerCase());
  if (SAMPLES.test(host)) findings.push(find('PLACEHOLDER', 'P0', `${field} is ${host}`, { key: field }));
  // A full URL is how a connection is registered; only what is not understood there is worth a remark.
  const clean = asTyped || text === `https://${shown}:${port}`;
  if (!clean) findings.push(find('HOST_SHAPE', 'P0', `${field} is "${text}"`, { host, port, field }));
  if (plain)
    findings.push(
      reachFinding(
        'HTTP_SCHEME',
        'P0',
        `${field} starts with http://`,
        { host, port, product: PROXMOX },
        'warning',
      ),
    );
  return ok({ origin: { ...origin.value, scheme: 'https' }, findings });
}
