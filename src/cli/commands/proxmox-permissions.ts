import { PROXMOX_TASKS, rightsFor } from '../../local/proxmox/rights.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../failure.ts';
import { orFail } from '../local-failure.ts';
import { onServer } from '../proxmox/on-server.ts';
import { rightsView } from '../proxmox/rights-view.ts';
import { refuseBoth, type SourceOptions, settingsOf } from '../proxmox/source.ts';
import { waiting } from '../waiting.ts';

export interface Options extends SourceOptions {
  readonly for?: string;
  readonly privileges?: string[];
  readonly template?: string;
  readonly storage?: string;
  readonly bridge?: string;
  readonly pool?: string;
}

const RIGHTS_MISSING = 5;

/** Has, needs and missing of a task; of a list of privileges, what it lacks and what this release does not know. */
export async function run(options: Options, context: Context): Promise<number> {
  refuseBoth(options);
  const task = options.for ?? 'clone-vm';
  if (PROXMOX_TASKS[task] === undefined)
    throw usageError(
      `There is no task '${task}'.`,
      `Choose one of: ${Object.keys(PROXMOX_TASKS).join(', ')}`,
    );
  const { template, storage, bridge, pool, node, privileges } = options;
  if (template !== undefined && !/^[1-9]\d{1,8}$/.test(template))
    throw usageError(
      `--template: '${template}' is not the number of a guest.`,
      'See: tessera proxmox templates',
    );
  if (options.connection !== undefined) return ofConnection(options.connection, task, options, context);
  const settings = await settingsOf(options, context);
  const { clock, env } = context.io;
  const expect = {
    ...(template === undefined ? {} : { templates: [{ id: Number(template) }] }),
    ...(storage === undefined ? {} : { storage }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(pool === undefined ? {} : { pool }),
    ...(node === undefined ? {} : { node }),
    ...(privileges === undefined ? {} : { privileges }),
  };
  const work = rightsFor(settings, task, expect, clock, env);
  const rights = orFail(await waiting(context, `Asking ${settings.host}`, work));
  const report = { ...rights, lines: rights.lines.map((line) => ({ ...line, needs: [...line.needs] })) };
  rightsView(context, {
    ...report,
    missing: [...rights.missing],
    fix: [...rights.fix],
    obsolete: [...(rights.obsolete ?? [])],
    unneeded: [...(rights.unneeded ?? [])],
  });
  return rights.missing.length === 0 && (rights.obsolete ?? []).length === 0 ? EXIT.done : RIGHTS_MISSING;
}

async function ofConnection(name: string, task: string, options: Options, context: Context): Promise<number> {
  const { tessera, connection } = await onServer(name, context);
  const { template, storage, bridge, pool, node, privileges } = options;
  const rights = await tessera.connections.rights(connection.id, {
    for: task,
    storage,
    bridge,
    pool,
    node,
    ...(template === undefined ? {} : { template: Number(template) }),
    ...(privileges === undefined ? {} : { privileges: privileges.join(',') }),
  });
  rightsView(context, rights);
  return rights.missing.length === 0 && (rights.obsolete ?? []).length === 0 ? EXIT.done : RIGHTS_MISSING;
}
