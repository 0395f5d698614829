import { type Inspected, inspectHost } from '../../local/proxmox/inspect.ts';
import { trustOf } from '../../local/proxmox/trust.ts';
import type { Context } from '../context.ts';
import { failureOf, orFail } from '../local-failure.ts';
import { findingText } from '../test-view.ts';
import { waiting } from '../waiting.ts';
import type { Draft } from './draft.ts';
import type { Questions } from './questions.ts';

/** Asks for the host until its port answers, and puts it into the draft. No credential is known at this point. */
export async function askHost(draft: Draft, ask: Questions, context: Context): Promise<Inspected> {
  await forgetLostTrust(draft, ask, context);
  for (;;) {
    const answer = await ask.text('Proxmox host', draft.host === '' ? undefined : draft.host);
    if (answer === '') continue;
    const looked = await look(
      answer,
      answer === draft.host ? draft : { ...draft, pin: '', caFile: '' },
      context,
    );
    if (!looked.ok) {
      const { message, fix } = failureOf(looked.error);
      ask.say(fix === undefined ? message : `${message} ${fix}`);
      continue;
    }
    const { origin, typed, unreachable } = looked.value;
    for (const finding of typed) ask.say(finding.sentence);
    if (typed.some((finding) => finding.severity === 'blocking')) continue;
    if (unreachable.length > 0) {
      for (const finding of unreachable) context.out.remark(findingText(context, finding));
      continue;
    }
    if (typed.length === 0) ask.say(`Using ${origin.host}, port ${origin.port}.`);
    keepHost(draft, looked.value, answer);
    return looked.value;
  }
}

/** A file of an authority that is gone, or a fingerprint that is none, must not stand in the way of a new one. */
async function forgetLostTrust(draft: Draft, ask: Questions, context: Context): Promise<void> {
  const held = await trustOf({ ...draft, verify: 'true' }, context.io.clock);
  if (held.ok) return;
  ask.say(failureOf(held.error).message);
  Object.assign(draft, { pin: '', caFile: '' });
}

/** The short form where the port is the usual one. What was decided about another host does not carry over. */
export function keepHost(draft: Draft, { origin }: Inspected, typed: string): void {
  const shown = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
  const host = origin.port === 8006 ? shown : `${shown}:${origin.port}`;
  if (typed !== draft.host && host !== draft.host) {
    draft.pin = '';
    draft.caFile = '';
  }
  draft.host = host;
}

/** Looks at a host under the trust that the settings hold for it; verification is on unless they say how. */
export async function look(host: string, settings: Draft, context: Context) {
  const { clock, env } = context.io;
  const wanted = { ...settings, verify: 'true', host };
  const { trust } = orFail(await trustOf(wanted, clock));
  return waiting(context, `Looking at ${host}`, inspectHost(host, trust, clock, env, settings.names.host));
}
