import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { Finding } from '../finding.ts';
import { asFlag, asNumber, asRecord, asRecords, asText, type JsonRecord } from '../json.ts';
import type { Credential, Rotated, Subject } from '../kind.ts';
import { type CallFault, type ProxmoxApi, path, proxmoxApi } from './api.ts';
import { find } from './find.ts';
import { tokenIdOf } from './identity.ts';
import { explainRefusal } from './refusal.ts';
import type { Who } from './rows-access.ts';
import { proxmoxCarrier } from './session.ts';

/**
 * Gives a token a new secret. From release 9.2 on the server regenerates it: same id, grants kept, the old
 * secret dead at once. Older ones know no such thing; there a second token with the same grants is made and
 * proven, and the old one goes when `finish` is called. Deleting and making the same id anew would lose the
 * grants of a separated token, so that is never done.
 *
 * @param admin who does it; absent: the token itself, which needs User.Modify on /access/groups
 */
export async function rotateToken(
  subject: Subject,
  admin: Subject = subject,
): Promise<Result<Rotated, Finding>> {
  const { user, token } = tokenIdOf(subject.credential.identity);
  const who: Who = { user, token };
  if (token === '') return err(find('NO_ROTATION', 'P0', 'method password', who));
  const api = proxmoxApi(admin, proxmoxCarrier(admin));
  const own = tokenIdOf(admin.credential.identity);
  const explain = (fault: CallFault): Finding =>
    explainRefusal(fault, { origin: subject.client.origin, who: own }, 'P7');
  const regenerated = await api.put(path`/access/users/${user}/token/${token}`, { regenerate: true });
  if (regenerated.ok) {
    const secret = new Secret(asText(asRecord(regenerated.value).value));
    const credential: Credential = { ...subject.credential, secret };
    return ok({ credential, overlap: false, finish: async () => ok(true) });
  }
  if (regenerated.error.errors.regenerate === undefined) return err(explain(regenerated.error));
  const replaced = await replaceToken(api, who);
  if (!replaced.ok) return err(explain(replaced.error));
  const credential: Credential = { method: 'token', ...replaced.value };
  const proof = proxmoxApi({ ...subject, credential }, proxmoxCarrier({ ...subject, credential }));
  const works = await proof.get('/version');
  if (!works.ok) {
    await api.delete(tokenPath(replaced.value.identity));
    return err(explain(works.error));
  }
  return ok({
    credential,
    overlap: true,
    // A token that renews itself goes with its own successor: the old one may not outlive its last act.
    finish: async () => {
      const remover = admin === subject ? proof : api;
      const gone = await remover.delete(tokenPath(subject.credential.identity));
      return gone.ok ? ok(true) : err(explain(gone.error));
    },
  });
}

/** Deletes a token and makes sure of it. A token that is gone already is no failure. */
export async function revokeToken(
  subject: Subject,
  admin: Subject = subject,
): Promise<Result<true, Finding>> {
  const { user, token } = tokenIdOf(subject.credential.identity);
  if (token === '') return err(find('NO_ROTATION', 'P0', 'method password', { user, token }));
  const api = proxmoxApi(admin, proxmoxCarrier(admin));
  const gone = await api.delete(tokenPath(subject.credential.identity));
  if (gone.ok || /no such token/i.test(gone.error.text)) return ok(true);
  const { user: actor, token: actorToken } = tokenIdOf(admin.credential.identity);
  const who = { user: actor, token: actorToken };
  return err(explainRefusal(gone.error, { origin: subject.client.origin, who }, 'P7'));
}

function tokenPath(identity: string): string {
  const { user, token } = tokenIdOf(identity);
  return path`/access/users/${user}/token/${token}`;
}

async function replaceToken(
  api: ProxmoxApi,
  who: Who,
): Promise<Result<{ readonly identity: string; readonly secret: Secret }, CallFault>> {
  const listed = await api.get(path`/access/users/${who.user}/token`);
  if (!listed.ok) return listed;
  const tokens = asRecords(listed.value);
  const old = tokens.find((row) => asText(row.tokenid) === who.token) ?? {};
  const name = freeName(who.token, tokens);
  const made = await api.post(path`/access/users/${who.user}/token/${name}`, {
    privsep: old.privsep === undefined || asFlag(old.privsep),
    expire: asNumber(old.expire) ?? 0,
    comment: asText(old.comment),
  });
  if (!made.ok) return made;
  const copied = await copyGrants(api, `${who.user}!${who.token}`, `${who.user}!${name}`);
  if (!copied.ok) {
    await api.delete(path`/access/users/${who.user}/token/${name}`);
    return copied;
  }
  return ok({ identity: `${who.user}!${name}`, secret: new Secret(asText(asRecord(made.value).value)) });
}

/** `api` becomes `api-r2`, `api-r2` becomes `api-r3`: readable, and never a name that is in use. */
function freeName(name: string, tokens: readonly JsonRecord[]): string {
  const taken = new Set(tokens.map((row) => asText(row.tokenid)));
  const base = name.replace(/-r\d+$/, '');
  let count = Number(/-r(\d+)$/.exec(name)?.[1] ?? 1) + 1;
  while (taken.has(`${base}-r${count}`)) count += 1;
  return `${base}-r${count}`;
}

async function copyGrants(api: ProxmoxApi, from: string, to: string): Promise<Result<true, CallFault>> {
  const listed = await api.get('/access/acl');
  if (!listed.ok) return listed;
  for (const entry of asRecords(listed.value)) {
    if (asText(entry.type) !== 'token' || asText(entry.ugid) !== from) continue;
    const granted = await api.put('/access/acl', {
      path: asText(entry.path),
      roles: asText(entry.roleid),
      tokens: to,
      propagate: asFlag(entry.propagate),
    });
    if (!granted.ok) return granted;
  }
  return ok(true);
}
