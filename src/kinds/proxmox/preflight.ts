import { err, ok, type Result } from '../../base/result.ts';
import { type Finding, isBlocking } from '../finding.ts';
import { asRecord, asText } from '../json.ts';
import type { Carrier, Expectations, Subject } from '../kind.ts';
import { proxmoxApi } from './api.ts';
import { tokenIdOf } from './identity.ts';
import { readGuests } from './inventory.ts';
import { probeObjects } from './probe-objects.ts';
import { probeRights } from './probe-rights.ts';
import { explainRefusal } from './refusal.ts';

export interface Readiness {
  /** Where the clone is made: the node of the template. */
  readonly node: string;
  /** Names of all guests that may be seen. */
  readonly names: readonly string[];
}

export interface CloneWish {
  readonly template: number;
  readonly version: string;
  readonly node?: string;
  readonly storage?: string;
  readonly bridge?: string;
  readonly diskGib: number;
}

/** Warnings of a test, but a machine made in spite of them would not be what was asked for. */
const ALSO_IN_THE_WAY = new Set(['NO_CLOUDINIT', 'NO_AGENT', 'TEMPLATE_WRONG_OS']);

/** Rights, node, template, storage and bridge looked at before anything is made. */
export async function readyToClone(
  subject: Subject,
  carrier: Carrier,
  wish: CloneWish,
): Promise<Result<Readiness, Finding>> {
  const { user, token } = tokenIdOf(subject.credential.identity);
  const who = { user, token };
  const context = { origin: subject.client.origin, who };
  const api = proxmoxApi(subject, carrier);
  const [version, guests] = await Promise.all([api.get('/version'), readGuests(api)]);
  if (!version.ok) return err(explainRefusal(version.error, context, 'P7'));
  if (!guests.ok) return err(explainRefusal(guests.error, context, 'P10'));
  const release = asText(asRecord(version.value).release);
  const template = guests.value.find((guest) => guest.id === wish.template);
  const node = wish.node ?? template?.node;
  const expect: Expectations = {
    task: 'clone-vm',
    templates: [{ id: wish.template, version: wish.version }],
    diskGib: wish.diskGib,
    ...(node === undefined ? {} : { node }),
    ...(wish.storage === undefined ? {} : { storage: wish.storage }),
    ...(wish.bridge === undefined ? {} : { bridge: wish.bridge }),
  };
  const expecting = { ...subject, expect };
  const rights = await probeRights(expecting, api, who, release);
  const inTheWay = (finding: Finding): boolean => isBlocking(finding) || ALSO_IN_THE_WAY.has(finding.code);
  const missing = rights.findings.find(inTheWay);
  if (missing !== undefined) return err(missing);
  const objects = await probeObjects(expecting, api, who, rights.permissions, release);
  const wrong = objects.findings.find(inTheWay);
  if (wrong !== undefined) return err(wrong);
  // Without a storage of its own the clone lies where the template does; it needs room there.
  const own = objects.templates.find((each) => each.id === wish.template)?.storage ?? '';
  if (wish.storage === undefined && own !== '') {
    const again = await readyToClone(subject, carrier, { ...wish, storage: own });
    return again;
  }
  return ok({ node: node ?? '', names: guests.value.map((guest) => guest.name) });
}
