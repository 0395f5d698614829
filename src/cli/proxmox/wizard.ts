import { gitStanding, ignoreInGit } from '../../local/git.ts';
import { recogniseProxmox } from '../../local/proxmox/inspect.ts';
import { allChanges, previewEnv, refuseEnvFile, saveEnv } from '../../local/proxmox/save.ts';
import { TEMPLATE_KEYS } from '../../local/proxmox/settings.ts';
import type { ProxmoxTest } from '../../local/proxmox/test.ts';
import { trustOf } from '../../local/proxmox/trust.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { failureOf, orFail } from '../local-failure.ts';
import { findingText, nodesText, rightsText, templatesText, verdictLine } from '../test-view.ts';
import { waiting } from '../waiting.ts';
import { askCredential } from './ask-credential.ts';
import { askHost } from './ask-host.ts';
import { askTrust } from './ask-trust.ts';
import { changesText } from './changes-view.ts';
import { type Draft, likelyNode, likelyTemplate, seenIn, templateList } from './draft.ts';
import type { Questions } from './questions.ts';
import { offerToStore } from './store.ts';
import { tryDraft } from './try-draft.ts';

const INTRO = `This sets up a connection to Proxmox VE. You need:
  - the host: name or address of a node; the port is 8006 unless you say so
  - an API token, or a user name and password
Nothing is sent before you decided whether to trust the server, and nothing is written before the test has passed.`;

/** The whole conversation. Each wrong answer is asked for again, in place. */
export async function runWizard(
  draft: Draft,
  file: string,
  task: string,
  ask: Questions,
  context: Context,
): Promise<void> {
  await prepareFile(file, ask);
  ask.say(INTRO);
  if (!(await ask.yes('Continue?'))) throw new CliError('Nothing was changed.');
  await meetServer(draft, ask, context);
  await askCredential(draft, ask, context);
  let passed = await testUntilGood(draft, task, ask, context);
  for (;;) {
    await askObjects(draft, passed, ask);
    passed = await tryDraft(draft, task, context);
    if (passed.outcome.ok) break;
    showFindings(passed, context);
    if ((await ask.text('Type "keep" to save it all the same; Enter asks again', 'again')) === 'keep') break;
  }
  showFindings(passed, context);
  await save(draft, file, ask, context);
  await offerToStore(draft, ask, context);
  context.out.remark(
    '\nNext:\n  tessera proxmox test     check it at any time\n  tessera serve            start the server',
  );
}

async function prepareFile(file: string, ask: Questions): Promise<void> {
  const standing = await gitStanding(file);
  if (standing === 'would-track') {
    ask.say(`git does not ignore ${file}: the secret in it could be committed.`);
    if (await ask.yes('Add it to .gitignore?', 'yes')) await ignoreInGit(file);
  }
  const refused = await refuseEnvFile(file);
  if (refused !== null) throw failureOf(refused);
}

/** Host, then trust, then a look at whether it is Proxmox VE at all. */
async function meetServer(draft: Draft, ask: Questions, context: Context): Promise<void> {
  for (;;) {
    const seen = await askHost(draft, ask, context);
    await askTrust(draft, seen, ask, context);
    const { trust } = orFail(await trustOf(draft, context.io.clock));
    const known = await waiting(
      context,
      `Asking ${draft.host}`,
      recogniseProxmox(seen.origin, trust, context.io.clock),
    );
    const blocking = known.findings.filter((finding) => finding.severity === 'blocking');
    for (const finding of known.findings) context.out.remark(findingText(context, finding));
    if (blocking.length === 0) return;
  }
}

async function testUntilGood(
  draft: Draft,
  task: string,
  ask: Questions,
  context: Context,
): Promise<ProxmoxTest> {
  const bare = () => tryDraft({ ...draft, node: '', templates: [] }, task, context);
  let test = await bare();
  for (;;) {
    showFindings(test, context);
    const { outcome } = test;
    if (outcome.ok) {
      showFacts(test, context);
      return test;
    }
    const failed = outcome.layers.find((layer) => layer.state === 'failed')?.layer ?? 'product';
    const wrongCredential = failed === 'authentication' || failed === 'format';
    const preset = wrongCredential ? 'credential' : 'again';
    const keep = failed === 'objects' ? ', keep' : '';
    const next = await ask.text(
      `Enter for "${preset}"; or type: again, credential, host, stop${keep}`,
      preset,
    );
    if (next === 'stop') throw new CliError('Broken off; nothing was written.', undefined, outcome.exit_code);
    if (next === 'keep' && failed === 'objects') return test;
    if (next === 'host') await meetServer(draft, ask, context);
    if (next === 'credential') await askCredential(draft, ask, context);
    test = await bare();
  }
}

function showFindings({ outcome }: ProxmoxTest, context: Context): void {
  for (const finding of outcome.findings) context.out.remark(findingText(context, finding));
  context.out.remark(verdictLine(context, outcome));
}

function showFacts({ outcome }: ProxmoxTest, context: Context): void {
  const {
    nodes = [],
    templates = [],
    rights,
  } = outcome.facts as {
    nodes?: Readonly<Record<string, unknown>>[];
    templates?: Readonly<Record<string, unknown>>[];
    rights?: Parameters<typeof rightsText>[1];
  };
  context.out.remark(`Proxmox VE ${outcome.version ?? ''}, as ${outcome.identity ?? ''}\n`);
  context.out.remark(`${nodesText(context, nodes)}\n`);
  if (templates.length > 0) context.out.remark(`${templatesText(context, templates)}\n`);
  if (rights !== undefined) context.out.remark(`${rightsText(context, rights)}\n`);
}

async function askObjects(draft: Draft, test: ProxmoxTest, ask: Questions): Promise<void> {
  const { nodes, templates } = seenIn(test.outcome);
  const node = likelyNode(nodes, draft.node);
  draft.node =
    nodes.length > 1 ? (nodes[await ask.choose('Which node?', nodes, nodes.indexOf(node))] ?? node) : node;
  const ids: Record<string, string> = {};
  for (const [version, key] of Object.entries(TEMPLATE_KEYS)) {
    const configured = draft.templates.find((template) => template.key === key)?.id ?? '';
    ids[version] = await askTemplate(version, likelyTemplate(templates, version, configured), ask);
  }
  draft.templates = templateList(ids, TEMPLATE_KEYS);
}

async function askTemplate(version: string, preset: string, ask: Questions): Promise<string> {
  for (;;) {
    const answer = await ask.text(`Template for Ubuntu ${version}: its number, or none`, preset);
    if (answer === 'none' || /^[1-9]\d{1,8}$/.test(answer)) return answer;
    ask.say('Please type the number of a template, or none.');
  }
}

async function save(draft: Draft, file: string, ask: Questions, context: Context): Promise<void> {
  const changes = allChanges(draft);
  const shown = orFail(await previewEnv(file, changes));
  ask.say(`Changes to ${file} (secrets by their last four characters):`);
  context.out.remark(changesText(context, shown));
  if (!(await ask.yes(`Save to ${file}?`, 'yes'))) throw new CliError('Nothing was written.');
  orFail(await saveEnv(file, changes));
  ask.say(`Saved to ${file}, readable by you alone (mode 600).`);
}
