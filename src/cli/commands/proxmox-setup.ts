import { DEFAULT_USER, TEMPLATE_KEYS } from '../../local/proxmox/settings.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import type { Draft } from '../proxmox/draft.ts';
import { questionsOf } from '../proxmox/questions.ts';
import { envFileOf, fileAt, type SourceOptions, settingsOf } from '../proxmox/source.ts';
import { runUnattended } from '../proxmox/unattended.ts';
import { runWizard } from '../proxmox/wizard.ts';
import { readSecret, trimmed } from '../secret-input.ts';

export interface Options extends SourceOptions {
  readonly nonInteractive?: boolean;
  readonly user?: string;
  readonly tokenName?: string;
  readonly secretFile?: string;
  readonly secretStdin?: boolean;
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
  readonly pin?: string;
  readonly ca?: string;
  readonly unverified?: string;
  readonly unverifiedUntil?: string;
  readonly ubuntu2204?: string;
  readonly ubuntu2004?: string;
  readonly for?: string;
  readonly store?: string;
}

export async function run(options: Options, context: Context): Promise<number> {
  const draft = await draftOf(options, context);
  const file = envFileOf(options, context);
  const task = options.for ?? 'clone-vm';
  if (options.nonInteractive)
    return runUnattended(await withSecrets(draft, options, context), file, task, options.store, context);
  if (context.out.json)
    throw usageError('The wizard talks to a person, not in JSON.', 'Add --non-interactive.');
  await runWizard(draft, file, task, questionsOf(context), context);
  return 0;
}

/** What is known before anything is asked: the file as it stands, the environment, the flags. */
async function draftOf(options: Options, context: Context): Promise<Draft> {
  const found = await settingsOf(options, context, true);
  const templates = [
    { version: '22.04', id: options.ubuntu2204 },
    { version: '20.04', id: options.ubuntu2004 },
  ].flatMap(({ version, id }) => {
    const key = TEMPLATE_KEYS[version] ?? '';
    const before = found.templates.find((template) => template.key === key);
    if (id !== undefined) return [{ id, version, key }];
    return before === undefined ? [] : [before];
  });
  return {
    ...found,
    templates,
    user: options.user ?? found.user,
    ...trustFlags(options, context),
    // What a file holds is about to be written anew, so how it was written before is of no interest.
    lines: [],
  };
}

function trustFlags(options: Options, context: Context): Partial<Draft> {
  const { pin, ca, unverified, unverifiedUntil } = options;
  const said = [pin, ca, unverified].filter((each) => each !== undefined);
  if (said.length > 1)
    throw usageError('Trust is decided more than once.', 'Give one of --pin, --ca and --unverified.');
  const none = { pin: '', caFile: '', noVerifyReason: '', noVerifyUntil: '' };
  if (pin !== undefined) return { ...none, pin, verify: 'true' };
  if (ca !== undefined) return { ...none, caFile: fileAt(ca, context), verify: 'true' };
  if (unverified === undefined) return {};
  if (unverifiedUntil === undefined)
    throw usageError('Doing without verification needs an end.', 'Add --unverified-until YYYY-MM-DD.');
  return { ...none, verify: 'false', noVerifyReason: unverified, noVerifyUntil: unverifiedUntil };
}

async function withSecrets(draft: Draft, options: Options, context: Context): Promise<Draft> {
  const { secretFile, secretStdin, passwordFile, passwordStdin, tokenName } = options;
  const byToken = secretFile !== undefined || secretStdin === true;
  const byPassword = passwordFile !== undefined || passwordStdin === true;
  if (byToken && byPassword)
    throw usageError('Both a token and a password are given.', 'Give the one that shall be used.');
  const user = draft.user === '' ? DEFAULT_USER : draft.user;
  if (byToken) {
    const secret = trimmed(
      await readSecret(context, {
        what: 'token secret',
        file: secretFile,
        stdin: secretStdin,
        flags: '--secret-file FILE',
      }),
    ).reveal();
    return {
      ...draft,
      user,
      token: tokenName ?? (secret.includes('!') ? '' : draft.token),
      secret,
      password: '',
    };
  }
  if (byPassword) {
    const password = (
      await readSecret(context, {
        what: 'password',
        file: passwordFile,
        stdin: passwordStdin,
        flags: '--password-file FILE',
      })
    ).reveal();
    return { ...draft, user, token: '', secret: '', password };
  }
  return { ...draft, user, token: tokenName ?? draft.token };
}
