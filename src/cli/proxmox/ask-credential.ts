import { chooseCredential } from '../../local/proxmox/access.ts';
import { DEFAULT_USER } from '../../local/proxmox/settings.ts';
import type { Context } from '../context.ts';
import { failureOf } from '../local-failure.ts';
import { findingText } from '../test-view.ts';
import type { Draft } from './draft.ts';
import type { Questions } from './questions.ts';

const TOKEN_HELP = `How to get a token: in the web page of Proxmox, Datacenter, Permissions, API Tokens, Add; the secret is shown once. Or with least rights, from here: tessera proxmox token create`;

/** `user@realm!name=secret`, whatever stands in front of it. */
const WHOLE_TOKEN = /[^\s=]@[^\s=]+![^\s=]+=\S/;

/** Asks for a token or a password until its shape is right. Nothing is sent; whatever was pasted is taken apart. */
export async function askCredential(draft: Draft, ask: Questions, context: Context): Promise<void> {
  const byToken = (await ask.choose('How do you log in?', ['API token (recommended)', 'Password'])) === 0;
  if (byToken) ask.say(TOKEN_HELP);
  for (;;) {
    await (byToken ? askToken(draft, ask) : askPassword(draft, ask));
    const chosen = chooseCredential(draft);
    if (!chosen.ok) {
      ask.say(failureOf(chosen.error).message);
      continue;
    }
    const { findings, credential } = chosen.value;
    for (const finding of findings) context.out.remark(findingText(context, finding));
    // A secret of another shape would only be refused, after a delay and perhaps towards a lock-out.
    const hopeless = findings.some(
      (finding) => finding.severity === 'blocking' || finding.code === 'SECRET_SHAPE',
    );
    if (hopeless) continue;
    const { identity, secret } = credential;
    Object.assign(draft, byToken ? splitToken(identity, secret.reveal()) : { user: identity });
    ask.say(`Using the ${chosen.value.why.replace(/, because [^;]*/, '')}.`);
    return;
  }
}

async function askToken(draft: Draft, ask: Questions): Promise<void> {
  const user = await ask.text('Proxmox user', draft.user || DEFAULT_USER);
  if (WHOLE_TOKEN.test(user)) {
    ask.say(
      'That is a whole token, so it is used as one. Its secret now stands on this screen: clear the screen, and think about a new token if anybody else can see it.',
    );
    Object.assign(draft, { token: '', secret: user.trim(), password: '' });
    return;
  }
  const secret = await ask.hidden('Token secret, or the whole token user@realm!name=secret');
  const whole = /!/.test(secret) || /[│|{]/.test(secret) || user.includes('!');
  const name = whole ? '' : await ask.text('Token name', draft.token || 'glassdome-token');
  Object.assign(draft, { user, token: name, secret, password: '' });
}

async function askPassword(draft: Draft, ask: Questions): Promise<void> {
  const user = await ask.text('Proxmox user', draft.user || DEFAULT_USER);
  const password = await ask.hidden('Password');
  Object.assign(draft, { user, token: '', secret: '', password });
}

/** `user@realm!name` as the two settings it becomes. */
export function splitToken(
  identity: string,
  secret: string,
): Pick<Draft, 'user' | 'token' | 'secret' | 'password'> {
  const bang = identity.lastIndexOf('!');
  return { user: identity.slice(0, bang), token: identity.slice(bang + 1), secret, password: '' };
}
