import type { Clock } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Secret } from '../../base/secret.ts';
import { isBlocking } from '../../kinds/finding.ts';
import type { Credential, CredentialWish, MadeCredential, Rotated, Subject } from '../../kinds/kind.ts';
import { createToken } from '../../kinds/proxmox/token-create.ts';
import { revokeToken, rotateToken } from '../../kinds/proxmox/token-rotate.ts';
import type { Problem } from '../problem.ts';
import { type Access, openAccess } from './access.ts';
import type { Environment } from './find-settings.ts';
import type { ProxmoxSettings } from './settings.ts';

/** A login used once and kept nowhere: a user with a password, or a whole token id with its secret. */
export interface AdminLogin {
  readonly user: string;
  readonly secret: Secret;
}

interface Here {
  readonly settings: ProxmoxSettings;
  readonly clock: Clock;
  readonly environment: Environment;
}

/** Makes user, role, separated token and grants with an administrator's login. */
export const makeToken = (here: Here, admin: AdminLogin, wish: CredentialWish) =>
  within<MadeCredential>(here, asAdmin(here.settings, admin), (access) => createToken(access.subject, wish));

/** Gives the token of the settings a new secret; `finish` removes the old one where both lived for a while. */
export const renewToken = (here: Here, admin: AdminLogin) => withBoth<Rotated>(here, admin, rotateToken);

/** Deletes the token of the settings. */
export const endToken = (here: Here, admin: AdminLogin) => withBoth<true>(here, admin, revokeToken);

/** The connection stays open for what the answer can still do; `close` ends it. */
export interface Done<T> {
  readonly value: T;
  readonly close: () => void;
}

async function withBoth<T>(
  here: Here,
  admin: AdminLogin,
  work: (subject: Subject, admin: Subject) => Promise<Result<T, Problem>>,
): Promise<Result<Done<T>, Problem>> {
  const own = await openAccess(here.settings, here.clock, here.environment);
  if (!own.ok) return own;
  const done = await within<T>(here, asAdmin(here.settings, admin), (access) =>
    work(own.value.subject, access.subject),
  );
  if (!done.ok) {
    own.value.close();
    return done;
  }
  return ok({
    value: done.value.value,
    close: () => {
      own.value.close();
      done.value.close();
    },
  });
}

async function within<T>(
  here: Here,
  settings: ProxmoxSettings,
  work: (access: Access) => Promise<Result<T, Problem>>,
): Promise<Result<Done<T>, Problem>> {
  const access = await openAccess(settings, here.clock, here.environment);
  if (!access.ok) return access;
  const { subject, close } = access.value;
  const blocking = (subject.known ?? []).find(isBlocking);
  const done = blocking === undefined ? await work(access.value) : err<Problem>(blocking);
  if (!done.ok) {
    close();
    return done;
  }
  return ok({ value: done.value, close });
}

function asAdmin(settings: ProxmoxSettings, { user, secret }: AdminLogin): ProxmoxSettings {
  const byToken = user.includes('!');
  return {
    ...settings,
    user: byToken ? '' : user,
    token: byToken ? user : '',
    secret: byToken ? secret.reveal() : '',
    password: byToken ? '' : secret.reveal(),
    lines: [],
  };
}

/** The settings with another token in place of theirs. */
export function withToken(settings: ProxmoxSettings, { identity, secret }: Credential): ProxmoxSettings {
  const bang = identity.lastIndexOf('!');
  return {
    ...settings,
    user: identity.slice(0, bang),
    token: identity.slice(bang + 1),
    secret: secret.reveal(),
    password: '',
    lines: [],
  };
}
