import { DAY } from '../../base/clock.ts';
import type { Inspected } from '../../local/proxmox/inspect.ts';
import { trustOf } from '../../local/proxmox/trust.ts';
import type { Finding } from '../../wire/diagnosis.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { failureOf, orFail } from '../local-failure.ts';
import { findingHead, findingText } from '../test-view.ts';
import { look } from './ask-host.ts';
import { certificateText } from './certificate-view.ts';
import type { Draft } from './draft.ts';
import type { Questions } from './questions.ts';
import { fileAt } from './source.ts';

const UNVERIFIED_DAYS = 30;
const TYPED_WORD = 'unverified';

/**
 * Decides how the server proves who it is, before any credential is asked for: a certificate that holds is
 * taken, any other is shown and pinned, vouched for by a file, or knowingly not checked.
 */
export async function askTrust(
  draft: Draft,
  first: Inspected,
  ask: Questions,
  context: Context,
): Promise<void> {
  let seen = first;
  let shown: string | undefined;
  for (;;) {
    const refusals = seen.distrust.filter((finding) => finding.severity === 'blocking');
    const [leaf] = seen.chain;
    // The whole step is to stand on a screen of 24 lines.
    if (leaf === undefined || leaf.fingerprint !== shown)
      context.out.remark(certificateText(context, seen.chain));
    shown = leaf?.fingerprint;
    if (refusals.length === 0) {
      ask.say(draft.pin === '' ? 'The certificate is trusted here.' : 'The certificate is the pinned one.');
      draft.verify = 'true';
      return;
    }
    for (const finding of refusals) context.out.remark(distrustText(context, finding));
    const choice = await ask.choose(
      'How shall the server prove who it is? Compare the fingerprint with what `pvenode cert info` shows on the host.',
      [
        `Pin this certificate${leaf === undefined ? '' : ` (${leaf.fingerprint.slice(0, 23)}...)`}`,
        'Trust an authority from a file',
        'Do not verify',
        'Stop here',
      ],
      draft.pin === '' ? 0 : undefined,
    );
    if (choice === 3) throw new CliError('Broken off; nothing was sent and nothing was written.');
    if (choice === 2 && (await askUnverified(draft, ask, context))) return;
    if (choice === 0 && leaf !== undefined)
      Object.assign(draft, { pin: leaf.fingerprint, caFile: '', verify: 'true' });
    if (choice === 1) await askAuthority(draft, ask, context);
    const again = await look(draft.host, draft, context);
    if (again.ok) seen = again.value;
  }
}

/** What was seen stands in the certificate above, and the remedy is chosen below; of a change both sides are shown. */
const distrustText = (context: Context, finding: Finding): string =>
  finding.code === 'TLS_CHANGED' ? findingText(context, finding) : findingHead(context, finding);

async function askAuthority(draft: Draft, ask: Questions, context: Context): Promise<void> {
  ask.say('On a node of the cluster it is /etc/pve/pve-root-ca.pem; copy that one file here.');
  const path = fileAt(await ask.text('File with the authority (PEM)', 'pve-root-ca.pem'), context);
  const wanted = { ...draft, pin: '', caFile: path, verify: 'true' };
  const trust = await trustOf(wanted, context.io.clock);
  if (trust.ok) Object.assign(draft, { pin: '', caFile: path, verify: 'true' });
  else {
    const { message, fix } = failureOf(trust.error);
    ask.say(`${message} ${fix ?? ''}`);
  }
}

async function askUnverified(draft: Draft, ask: Questions, context: Context): Promise<boolean> {
  ask.say('Without a check, whoever stands between here and the server can read the credential.');
  if ((await ask.text(`Type ${TYPED_WORD} to go on without a check`, 'no')) !== TYPED_WORD) return false;
  const reason = await ask.text('Why');
  const preset = new Date(context.io.clock() + UNVERIFIED_DAYS * DAY * 1000).toISOString().slice(0, 10);
  const until = await ask.text('Until (YYYY-MM-DD)', preset);
  Object.assign(draft, {
    pin: '',
    caFile: '',
    verify: 'false',
    noVerifyReason: reason,
    noVerifyUntil: until,
  });
  orFail(await trustOf(draft, context.io.clock));
  return true;
}
