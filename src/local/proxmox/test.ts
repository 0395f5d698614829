import type { Clock } from '../../base/clock.ts';
import { fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Secret } from '../../base/secret.ts';
import type { Expectations } from '../../kinds/kind.ts';
import { testProxmox } from '../../kinds/proxmox/diagnose.ts';
import { outcomeOf, type TestOutcome } from '../report.ts';
import { type Access, openAccess } from './access.ts';
import type { Environment } from './find-settings.ts';
import type { ProxmoxSettings } from './settings.ts';
import { trustWords } from './trust.ts';

export interface TestWishes {
  /** Whose rights are compared; absent: none are. */
  readonly task?: string;
  readonly privileges?: readonly string[];
  /** The token owner's password, for one login that narrows down why the token is refused. */
  readonly ownerPassword?: Secret;
}

export interface ProxmoxTest {
  readonly outcome: TestOutcome;
  /** `host:port` */
  readonly place: string;
  readonly trust: string;
  /** Which credential was tried, and why. */
  readonly chosen: string;
}

/** Tests settings with the probes the server uses. Read-only: nothing is made or changed. */
export async function testSettings(
  settings: ProxmoxSettings,
  wishes: TestWishes,
  clock: Clock,
  environment: Environment,
): Promise<Result<ProxmoxTest>> {
  const expect = expectationsOf(settings, wishes);
  if (!expect.ok) return expect;
  const access = await openAccess(settings, clock, environment);
  if (!access.ok) return access;
  try {
    return ok(await testAccess(access.value, expect.value, clock));
  } finally {
    access.value.close();
  }
}

async function testAccess(access: Access, expect: Expectations, clock: Clock): Promise<ProxmoxTest> {
  const startedMs = clock();
  const beside = access.chosen.passwordBeside ? { passwordBeside: true } : {};
  const report = await testProxmox({ ...access.subject, expect: { ...expect, ...beside } });
  return {
    outcome: outcomeOf(report, access.chosen.credential.method, clock, startedMs),
    place: `${access.origin.host}:${access.origin.port}`,
    trust: trustWords(access.trust),
    chosen: access.chosen.why,
  };
}

/** What the settings name must be there: node, templates, storage, bridge. */
function expectationsOf(settings: ProxmoxSettings, wishes: TestWishes): Result<Expectations> {
  const templates: { id: number; version?: string }[] = [];
  for (const { id, version, key } of settings.templates) {
    if (!/^[1-9]\d{1,8}$/.test(id))
      return err(
        fieldFault(
          'invalid_request',
          key,
          `"${id}" is not the number of a guest`,
          'see: tessera proxmox templates',
        ),
      );
    templates.push({ id: Number(id), ...(version === undefined ? {} : { version }) });
  }
  const { node, storage, bridge } = settings;
  const { task, privileges, ownerPassword } = wishes;
  return ok({
    ...(task === undefined ? {} : { task }),
    ...(node === '' ? {} : { node }),
    ...(storage === '' ? {} : { storage }),
    ...(bridge === '' ? {} : { bridge }),
    ...(templates.length === 0 ? {} : { templates }),
    ...(privileges === undefined ? {} : { privileges }),
    ...(ownerPassword === undefined ? {} : { password: ownerPassword }),
  });
}
