import { type ProxmoxTest, testSettings } from '../../local/proxmox/test.ts';
import type { Context } from '../context.ts';
import { orFail } from '../local-failure.ts';
import { waiting } from '../waiting.ts';
import type { Draft } from './draft.ts';

/** Tests what was put together so far; nothing is made or changed. */
export async function tryDraft(draft: Draft, task: string, context: Context): Promise<ProxmoxTest> {
  const { clock, env } = context.io;
  const wishes = task === 'none' ? {} : { task };
  const test = testSettings(draft, wishes, clock, env);
  return orFail(await waiting(context, `Testing ${draft.host}`, test));
}
