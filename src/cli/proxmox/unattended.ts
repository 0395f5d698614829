import { chooseCredential } from '../../local/proxmox/access.ts';
import { allChanges, previewEnv, refuseEnvFile, saveEnv } from '../../local/proxmox/save.ts';
import { TEMPLATE_KEYS } from '../../local/proxmox/settings.ts';
import type { ProxmoxTest } from '../../local/proxmox/test.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../failure.ts';
import { failureOf, orFail } from '../local-failure.ts';
import { testText } from '../test-view.ts';
import { aboutTest } from './about.ts';
import { splitToken } from './ask-credential.ts';
import { keepHost, look } from './ask-host.ts';
import { certificateText } from './certificate-view.ts';
import { changesText } from './changes-view.ts';
import { type Draft, likelyNode, likelyTemplate, seenIn, templateList } from './draft.ts';
import { storeConnection } from './store.ts';
import { tryDraft } from './try-draft.ts';

/**
 * The wizard without questions: the same checks in the same order, and nothing is written unless all of them
 * pass. Answers the exit code of the check that failed.
 */
export async function runUnattended(
  draft: Draft,
  file: string,
  task: string,
  store: string | undefined,
  context: Context,
): Promise<number> {
  const refused = await refuseEnvFile(file);
  if (refused !== null) throw failureOf(refused);
  const chosen = orFail(chooseCredential(draft));
  if (chosen.credential.method === 'token')
    Object.assign(draft, splitToken(chosen.credential.identity, chosen.credential.secret.reveal()));
  else Object.assign(draft, { user: chosen.credential.identity });

  const seen = orFail(await look(draft.host, draft, context));
  if (seen.chain.length > 0 && !context.out.json) context.out.remark(certificateText(context, seen.chain));
  keepHost(draft, seen, draft.host);
  const first = await tryDraft({ ...draft, node: '', templates: [] }, task, context);
  if (!first.outcome.ok) return refuse(first, draft, context);
  takeObjects(draft, first);
  const passed = await tryDraft(draft, task, context);
  if (!passed.outcome.ok) return refuse(passed, draft, context);

  const changes = allChanges(draft);
  const shown = orFail(await previewEnv(file, changes));
  orFail(await saveEnv(file, changes));
  show(passed, draft, context, { saved: file, changes: shown });
  if (!context.out.json) {
    context.out.remark(changesText(context, shown));
    context.out.remark(`Saved to ${file}, readable by you alone (mode 600).`);
  }
  if (store !== undefined) await storeConnection(store, draft, context);
  return EXIT.done;
}

function takeObjects(draft: Draft, test: ProxmoxTest): void {
  const { nodes, templates } = seenIn(test.outcome);
  if (draft.node === '') draft.node = likelyNode(nodes, '');
  const ids = Object.entries(TEMPLATE_KEYS).map(([version, key]) => {
    const given = draft.templates.find((template) => template.key === key)?.id;
    return [version, given ?? likelyTemplate(templates, version, '')];
  });
  draft.templates = templateList(Object.fromEntries(ids), TEMPLATE_KEYS);
}

function refuse(test: ProxmoxTest, draft: Draft, context: Context): number {
  show(test, draft, context, { saved: null });
  if (!context.out.json) context.out.remark('Nothing was written.');
  return test.outcome.exit_code;
}

function show(test: ProxmoxTest, draft: Draft, context: Context, more: object): void {
  const about = aboutTest(test, draft.source);
  context.out.show({ ...test.outcome, ...more }, () => testText(context, about, test.outcome));
}
