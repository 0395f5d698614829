import type { Secret } from '../../base/secret.ts';
import { readableByOthers } from '../../local/private-file.ts';
import { testSettings } from '../../local/proxmox/test.ts';
import { showServerTest } from '../connection-view.ts';
import type { Context } from '../context.ts';
import { orFail } from '../local-failure.ts';
import { aboutTest } from '../proxmox/about.ts';
import { onServer } from '../proxmox/on-server.ts';
import { fileAt, refuseBoth, type SourceOptions, settingsOf } from '../proxmox/source.ts';
import { readSecret } from '../secret-input.ts';
import { testText } from '../test-view.ts';
import { waiting } from '../waiting.ts';

export interface Options extends SourceOptions {
  readonly for?: string;
  readonly privileges?: string[];
  readonly ownerPassword?: boolean;
  readonly ownerPasswordFile?: string;
}

/** Tests settings from here; the exit code names the layer that failed. */
export async function run(options: Options, context: Context): Promise<number> {
  refuseBoth(options);
  if (options.connection !== undefined) return testConnection(options.connection, options, context);
  const settings = await settingsOf(options, context);
  const task = options.for ?? (options.tfvars === undefined ? 'clone-vm' : 'terraform');
  const owner = await ownerPassword(options, context);
  const wishes = {
    ...(task === 'none' ? {} : { task }),
    ...(options.privileges === undefined ? {} : { privileges: options.privileges }),
    ...(owner === undefined ? {} : { ownerPassword: owner }),
  };
  const { clock, env } = context.io;
  const work = testSettings(settings, wishes, clock, env);
  const test = orFail(await waiting(context, `Testing ${settings.host}`, work));
  const { source } = settings;
  if (!context.out.json) await warnOfReaders(options, context);
  context.out.show(
    { ...test.outcome, place: test.place, settings: source, credential: test.chosen, trust: test.trust },
    () => testText(context, aboutTest(test, source), test.outcome),
  );
  return test.outcome.exit_code;
}

async function ownerPassword(options: Options, context: Context): Promise<Secret | undefined> {
  const { ownerPassword: asked, ownerPasswordFile: file } = options;
  if (!asked && file === undefined) return undefined;
  const ask = "Password of the token's owner (used for one login)?";
  return readSecret(context, { what: 'password', file, ask, flags: '--owner-password-file FILE' });
}

async function testConnection(name: string, options: Options, context: Context): Promise<number> {
  const { tessera, connection } = await onServer(name, context);
  const owner = await ownerPassword(options, context);
  const { for: task = 'clone-vm', node, privileges } = options;
  const expect = { node, privileges, ...(task === 'none' ? {} : { task }) };
  const report = await tessera.connections.test(connection.id, { expect, probe_password: owner?.reveal() });
  return showServerTest(connection, report, context);
}

/** A file others can read is tested all the same: what is in it may be known to them. */
async function warnOfReaders({ env, tfvars }: Options, context: Context): Promise<void> {
  const open = await readableByOthers(fileAt(tfvars ?? env ?? '.env', context));
  if (open !== null) context.out.remark(`Warning: ${open.message} ${open.fix ?? ''}`);
}
