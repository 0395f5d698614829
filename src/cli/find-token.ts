import type { Tessera, Token } from '../client/index.ts';
import { CliError, usageError } from './failure.ts';

export interface TokenWanted {
  readonly ref: string;
  /** Whose, when not one's own. */
  readonly user?: string | undefined;
  /** Only tokens that still live. */
  readonly living?: boolean | undefined;
}

/** The token a person means by a name or an id. Of several of one name the living one is meant. */
export async function findToken(tessera: Tessera, wanted: TokenWanted): Promise<Token> {
  const { ref, user, living } = wanted;
  refuseSecret(ref);
  if (/^[A-Za-z0-9_-]{22}$/.test(ref)) {
    const byId = await byIdOrNull(tessera, ref);
    if (byId !== null) return byId;
  }
  const named: Token[] = [];
  const query = { search: ref, state: living ? 'active' : 'all', ...(user ? { user } : {}) } as const;
  for await (const token of tessera.tokens.list(query)) if (token.name === ref) named.push(token);
  return single(
    named,
    `There is no token named '${ref}'${user ? ` of ${user}` : ''}.`,
    `See: tessera token list${user ? ` --user ${user}` : ''}`,
  );
}

/** A bot's token by its id, or by the bot's name as long as it has one only. */
export async function findServiceToken(tessera: Tessera, ref: string): Promise<Token> {
  refuseSecret(ref);
  if (!ref.startsWith('bot-')) {
    const byId = await byIdOrNull(tessera, ref);
    if (byId !== null) return byId;
  }
  const living: Token[] = [];
  for await (const token of tessera.tokens.list({ user: ref, type: 'service' })) living.push(token);
  return single(living, `There is no living service token '${ref}'.`, 'See: tessera service-token list');
}

function single(tokens: readonly Token[], whenNone: string, fix: string): Token {
  const living = tokens.filter((token) => token.state === 'active');
  const meant = living.length > 0 ? living : tokens;
  const [only, ...others] = meant;
  if (only === undefined) throw new CliError(whenNone, fix);
  if (others.length > 0)
    throw new CliError(
      `There are ${meant.length} such tokens: ${meant.map((token) => token.id).join(', ')}.`,
      'Give the id instead.',
    );
  return only;
}

async function byIdOrNull(tessera: Tessera, id: string): Promise<Token | null> {
  const { TesseraError } = await import('../client/index.ts');
  try {
    return await tessera.tokens.get(id);
  } catch (failure) {
    if (failure instanceof TesseraError && failure.status === 404) return null;
    throw failure;
  }
}

/** A pasted secret stands in the shell's history by now; at least it goes nowhere else. */
function refuseSecret(ref: string): void {
  if (/^(tsr-.{30,}|gt-.{22}\..+)$/.test(ref))
    throw usageError(
      'That is a token itself, not its name or id. It stands in your shell history now.',
      'See the names with: tessera token list',
    );
}
