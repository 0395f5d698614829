import type { Inspected } from '../../local/proxmox/inspect.ts';
import { saveEnv, trustChanges } from '../../local/proxmox/save.ts';
import { trustOf, trustWords } from '../../local/proxmox/trust.ts';
import { trustOnServer } from '../connection-trust.ts';
import { type Context, confirmed } from '../context.ts';
import { CliError, EXIT, usageError } from '../failure.ts';
import { orFail } from '../local-failure.ts';
import { look } from '../proxmox/ask-host.ts';
import { certificateText } from '../proxmox/certificate-view.ts';
import type { Draft } from '../proxmox/draft.ts';
import { envFileOf, fileAt, refuseBoth, type SourceOptions, settingsOf } from '../proxmox/source.ts';
import { findingText } from '../test-view.ts';

export interface Options extends SourceOptions {
  readonly ca?: string;
  /** `true` where no fingerprint was given with it. */
  readonly pin?: string | true;
  readonly replace?: boolean;
  readonly system?: boolean;
  readonly unverified?: string;
  readonly until?: string;
  readonly yes?: boolean;
}

const NOT_TRUSTED = 3;

/** Shows the certificate and how it is trusted, or decides that anew and keeps the decision in `.env`. */
export async function run(options: Options, context: Context): Promise<number> {
  refuseBoth(options);
  if (options.connection !== undefined) return trustOnServer(options.connection, options, context);
  const found: Draft = { ...(await settingsOf(options, context)) };
  if (found.host === '')
    throw usageError('No host is known.', 'Name it with --host, or run: tessera proxmox setup');
  const before = orFail(await look(found.host, found, context));
  if (before.unreachable.length > 0) return refused(before.unreachable, context);
  if (!context.out.json) context.out.remark(certificateText(context, before.chain));
  const wanted = decided(options, found, before, context);
  if (wanted === null) return show(found, before, context);
  const after = wanted.verify === 'false' ? null : orFail(await look(wanted.host, wanted, context));
  const wrong = (after?.distrust ?? []).filter((finding) => finding.severity === 'blocking');
  if (wrong.length > 0) return refused(wrong, context);
  await confirmed(context, question(found, wanted), options.yes);
  const file = envFileOf(options, context);
  orFail(await saveEnv(file, { ...trustChanges(wanted), PROXMOX_HOST: wanted.host }));
  const { trust } = orFail(await trustOf(wanted, context.io.clock));
  context.out.done(
    { host: wanted.host, trust: trustWords(trust), saved: file },
    `Trust of ${wanted.host}: ${trustWords(trust)}. Saved to ${file}.`,
  );
  return EXIT.done;
}

/** The settings with the new decision, or null where none was asked for. */
function decided(options: Options, found: Draft, seen: Inspected, context: Context): Draft | null {
  const { ca, pin, replace, system, unverified, until } = options;
  const ways = [
    ca !== undefined,
    pin !== undefined || replace === true,
    system === true,
    unverified !== undefined,
  ];
  if (ways.filter(Boolean).length > 1)
    throw usageError(
      'Trust is decided more than once.',
      'Give one of --pin, --ca, --system and --unverified.',
    );
  const none = { pin: '', caFile: '', noVerifyReason: '', noVerifyUntil: '', verify: 'true' };
  if (ca !== undefined) return { ...found, ...none, caFile: fileAt(ca, context) };
  if (system) return { ...found, ...none };
  if (unverified !== undefined) {
    if (until === undefined)
      throw usageError('Doing without verification needs an end.', 'Add --until YYYY-MM-DD.');
    return { ...found, ...none, verify: 'false', noVerifyReason: unverified, noVerifyUntil: until };
  }
  if (pin === undefined && !replace) return null;
  return { ...found, ...none, pin: pinned(pin, replace === true, found, seen) };
}

function pinned(pin: string | true | undefined, replace: boolean, found: Draft, seen: Inspected): string {
  const [leaf] = seen.chain;
  if (leaf === undefined)
    throw new CliError('No certificate was shown, so there is nothing to pin.', undefined, NOT_TRUSTED);
  if (found.pin !== '' && plain(found.pin) !== plain(leaf.fingerprint) && !replace)
    throw new CliError(
      `Another certificate is pinned: ${found.pin}. Shown is ${leaf.fingerprint}.`,
      'Compare with `pvenode cert info` on the host. Was it renewed, then: tessera proxmox trust --replace',
      NOT_TRUSTED,
    );
  if (typeof pin === 'string' && plain(pin) !== plain(leaf.fingerprint))
    throw new CliError(
      `The certificate shown is another one: ${leaf.fingerprint}.`,
      'Compare with `pvenode cert info` on the host; something may stand in between.',
      NOT_TRUSTED,
    );
  return leaf.fingerprint;
}

const plain = (fingerprint: string): string =>
  fingerprint
    .replace(/^sha-?256\s*[:=]\s*/i, '')
    .replace(/[^0-9a-f]/gi, '')
    .toUpperCase();

function question(found: Draft, wanted: Draft): string {
  if (wanted.verify === 'false') return `Send credentials to ${wanted.host} without checking who it is?`;
  if (wanted.pin === '') return `Trust ${wanted.host} this way from now on?`;
  if (found.pin === '' || found.pin === wanted.pin) return 'Pin this certificate?';
  return `Pin this certificate in place of ${found.pin}?`;
}

async function show(found: Draft, seen: Inspected, context: Context): Promise<number> {
  const { trust, findings } = orFail(await trustOf(found, context.io.clock));
  const wrong = trust.mode === 'none' ? findings : seen.distrust;
  const holds = wrong.every((finding) => finding.severity !== 'blocking');
  context.out.show(
    { host: found.host, trust: trustWords(trust), holds, chain: seen.chain, findings: wrong },
    () =>
      [`Trust: ${trustWords(trust)}`, ...wrong.map((finding) => findingText(context, finding))].join('\n\n'),
  );
  return holds ? EXIT.done : NOT_TRUSTED;
}

function refused(findings: Inspected['unreachable'], context: Context): number {
  context.out.show({ ok: false, findings }, () =>
    findings.map((finding) => findingText(context, finding)).join('\n\n'),
  );
  if (!context.out.json) context.out.remark('Nothing was changed.');
  return NOT_TRUSTED;
}
