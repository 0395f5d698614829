import type { Certificate, Inspection, TrustInput } from '../wire/connection-trust.ts';
import type { Connection } from '../wire/connections.ts';
import { trustWordsOf } from './connection-view.ts';
import { type Context, confirmed } from './context.ts';
import { CliError, EXIT } from './failure.ts';
import { folded } from './test-view.ts';
import { moment } from './text.ts';
import { type TrustOptions, trustInput } from './trust-input.ts';

export interface TrustChangeOptions extends TrustOptions {
  readonly replace?: boolean;
  readonly yes?: boolean;
}

const NOT_TRUSTED = 3;

/** Shows the certificate as the server of Tessera sees it, or decides anew how this connection trusts. */
export async function trustOnServer(
  name: string,
  options: TrustChangeOptions,
  context: Context,
): Promise<number> {
  const tessera = await context.tessera();
  const connection = await tessera.connections.get(name);
  const seen = await tessera.connections.inspectTrust(connection.id);
  if (!context.out.json) context.out.remark(chainText(seen, context));
  const wanted = await decided(options, connection, seen, context);
  if (wanted === null) {
    context.out.show({ trust: connection.trust, inspection: seen }, () => standing(connection, seen));
    return seen.trusted ? EXIT.done : NOT_TRUSTED;
  }
  await confirmed(context, `Trust ${connection.origin} this way from now on?`, options.yes);
  const saved = await tessera.connections.update(connection.id, { trust: wanted, test: false });
  context.out.done(saved, `Trust of ${saved.connection.name}: ${trustWordsOf(saved.connection)}.`);
  return EXIT.done;
}

async function decided(
  options: TrustChangeOptions,
  connection: Connection,
  seen: Inspection,
  context: Context,
): Promise<TrustInput | null> {
  const { pin, replace } = options;
  if (pin === undefined && !replace) return trustInput(options, context);
  const [leaf] = seen.chain;
  if (leaf === undefined)
    throw new CliError(
      `No certificate was shown: ${seen.reason ?? 'the host does not answer'}.`,
      undefined,
      NOT_TRUSTED,
    );
  if (seen.changed && !replace)
    throw new CliError(
      `Another certificate is pinned: ${connection.trust.fingerprint ?? ''}. Shown is ${leaf.fingerprint}.`,
      'Compare it on the host. Was it renewed, then add --replace.',
      NOT_TRUSTED,
    );
  if (typeof pin === 'string' && plain(pin) !== plain(leaf.fingerprint))
    throw new CliError(
      `The certificate shown is another one: ${leaf.fingerprint}.`,
      'Compare it on the host.',
      NOT_TRUSTED,
    );
  return { mode: 'pin', fingerprint: leaf.fingerprint };
}

const plain = (fingerprint: string): string =>
  fingerprint
    .replace(/^sha-?256\s*[:=]\s*/i, '')
    .replace(/[^0-9a-f]/gi, '')
    .toUpperCase();

function standing(connection: Connection, seen: Inspection): string {
  const holds = seen.trusted ? 'It holds.' : `It does not hold: ${seen.reason ?? 'no answer'}.`;
  return `Trust: ${trustWordsOf(connection)}\n${holds}`;
}

function chainText(seen: Inspection, context: Context): string {
  const [leaf] = seen.chain;
  if (leaf === undefined) return `No certificate was shown: ${seen.reason ?? 'no answer'}.`;
  return certificateLines(leaf)
    .map(([label, text]) => folded(context.out.paint.dim(label.padEnd(16)), 16, text, context.io.columns))
    .join('\n');
}

const certificateLines = (leaf: Certificate): readonly (readonly [string, string])[] => [
  ['Certificate of', leaf.subject],
  ['Issued by', leaf.self_signed ? `${leaf.issuer} (itself)` : leaf.issuer],
  ['For', leaf.names.join(', ') || 'no name'],
  ['Valid', `${moment(leaf.not_before)} to ${moment(leaf.not_after)}`],
  ['SHA-256', leaf.fingerprint.slice(0, 47)],
  ['', leaf.fingerprint.slice(48)],
];
