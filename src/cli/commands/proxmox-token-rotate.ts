import { existsSync } from 'node:fs';
import { ending } from '../../local/mask.ts';
import { chooseCredential } from '../../local/proxmox/access.ts';
import { credentialChanges, refuseEnvFile, saveEnv } from '../../local/proxmox/save.ts';
import {
  refuseSecretFile,
  saveTfvars,
  terraformToken,
  tokenIdInTfvars,
} from '../../local/proxmox/terraform.ts';
import { testSettings } from '../../local/proxmox/test.ts';
import { renewToken, withToken } from '../../local/proxmox/tokens.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { failureOf, orFail } from '../local-failure.ts';
import { type AdminOptions, adminLogin } from '../proxmox/admin.ts';
import { envFileOf, fileAt, refuseBoth, type SourceOptions, settingsOf } from '../proxmox/source.ts';
import { rotateOnServer } from '../proxmox/token-on-server.ts';
import { verdictLine } from '../test-view.ts';
import { waiting } from '../waiting.ts';

export interface Options extends SourceOptions, AdminOptions {
  readonly self?: boolean;
}

/** A new secret for the token of `.env` or tfvars, written wherever the old one stood, then tested. */
export async function run(options: Options, context: Context): Promise<number> {
  if (options.connection !== undefined) {
    refuseBoth(options);
    return rotateOnServer(options.connection, options, context);
  }
  const settings = await settingsOf(withoutTwo(options), context);
  const { credential } = orFail(chooseCredential(settings));
  if (credential.method !== 'token')
    throw new CliError(
      'There is a password here, not a token; it is changed on the server.',
      'Make a token instead: tessera proxmox token create --save',
    );
  const files = await filesWith(credential.identity, options, context);
  const owner = credential.identity.slice(0, credential.identity.lastIndexOf('!'));
  const admin = options.self
    ? { user: credential.identity, secret: credential.secret }
    : await adminLogin(options, owner, context);
  const { clock, env } = context.io;
  const here = { settings, clock, environment: env };
  const { value: rotated, close } = orFail(
    await waiting(context, `Renewing ${credential.identity}`, renewToken(here, admin)),
  );
  const fresh = withToken(settings, rotated.credential);
  await keep(files, rotated.credential.identity, rotated.credential.secret.reveal(), fresh, context);
  const gone = await rotated.finish();
  close();
  if (!gone.ok) context.out.remark(`The old token is still there: ${gone.error.sentence}`);
  const test = orFail(
    await waiting(context, `Testing ${settings.host}`, testSettings(fresh, {}, clock, env)),
  );
  const saved = [files.env, files.tfvars].filter((file) => file !== null);
  context.out.done(
    { token_id: rotated.credential.identity, saved, old_removed: gone.ok, verdict: test.outcome.verdict },
    `${rotated.credential.identity} has a new secret, ending in ${ending(rotated.credential.secret.reveal())}; saved to ${saved.join(' and ')}.\n${verdictLine(context, test.outcome)}`,
  );
  return gone.ok ? test.outcome.exit_code : 1;
}

/** Both files may be named here: the token is read from the first and written to both. */
const withoutTwo = ({ tfvars, ...others }: Options): Options =>
  others.env === undefined && tfvars !== undefined ? { ...others, tfvars } : others;

interface Files {
  readonly env: string | null;
  readonly tfvars: string | null;
}

/** Files that hold this very token. Whether they can be written is settled before the old secret dies. */
async function filesWith(identity: string, options: Options, context: Context): Promise<Files> {
  const envFile = envFileOf(options, context);
  const inEnv =
    options.tfvars === undefined || options.env !== undefined
      ? await holdsIt(envFile, identity, context)
      : false;
  const tfvarsFile = fileAt(options.tfvars ?? 'terraform.tfvars', context);
  const inTfvars =
    options.env !== undefined && options.tfvars === undefined
      ? false
      : (await tokenIdInTfvars(tfvarsFile)) === identity;
  const refused =
    (inEnv ? await refuseEnvFile(envFile) : null) ?? (inTfvars ? await refuseSecretFile(tfvarsFile) : null);
  if (refused !== null) throw failureOf(refused);
  if (!inEnv && !inTfvars)
    throw new CliError(
      `No file here holds ${identity}, so the new secret would have nowhere to go.`,
      'Name it with --env FILE or --tfvars FILE.',
    );
  return { env: inEnv ? envFile : null, tfvars: inTfvars ? tfvarsFile : null };
}

async function holdsIt(file: string, identity: string, context: Context): Promise<boolean> {
  if (!existsSync(file)) return false;
  const chosen = chooseCredential(await settingsOf({ env: file }, context));
  return chosen.ok && chosen.value.credential.identity === identity;
}

async function keep(
  files: Files,
  identity: string,
  secret: string,
  fresh: Parameters<typeof credentialChanges>[0],
  context: Context,
): Promise<void> {
  const { PROXMOX_USER, PROXMOX_TOKEN_NAME, PROXMOX_TOKEN_VALUE } = credentialChanges(fresh);
  const changes = {
    PROXMOX_USER: PROXMOX_USER ?? null,
    PROXMOX_TOKEN_NAME: PROXMOX_TOKEN_NAME ?? null,
    PROXMOX_TOKEN_VALUE: PROXMOX_TOKEN_VALUE ?? null,
  };
  const results = [
    files.env === null ? null : await saveEnv(files.env, changes),
    files.tfvars === null ? null : await saveTfvars(files.tfvars, terraformToken(identity, secret)),
  ];
  const failed = results.find((result) => result !== null && !result.ok);
  if (failed === undefined || failed === null || failed.ok) return;
  // The old secret is dead by now: the new one must not be lost with it.
  context.out.secret(`${identity}=${secret}`, { token_id: identity, secret, error: failed.error.message });
  throw failureOf(failed.error);
}
