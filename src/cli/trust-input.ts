import { DAY } from '../base/clock.ts';
import type { TrustInput } from '../wire/connection-trust.ts';
import type { Context } from './context.ts';
import { usageError } from './failure.ts';
import { readNamedFile } from './files.ts';

/** How a connection of the server is to trust the other side, as flags say it. */
export interface TrustOptions {
  readonly ca?: string;
  readonly pin?: string | true;
  readonly system?: boolean;
  readonly unverified?: string;
  readonly until?: string;
}

const UNVERIFIED_DAYS = 90;

/** The one decision, or null where none was made. A bare `--pin` has to be turned into a fingerprint before. */
export async function trustInput(options: TrustOptions, context: Context): Promise<TrustInput | null> {
  const { ca, pin, system, unverified, until } = options;
  if ([ca, pin, system, unverified].filter((each) => each !== undefined).length > 1)
    throw usageError(
      'Trust is decided more than once.',
      'Give one of --pin, --ca, --system and --unverified.',
    );
  if (ca !== undefined) return { mode: 'ca', ca: await readNamedFile(ca, context.io.home, 'authority') };
  if (typeof pin === 'string') return { mode: 'pin', fingerprint: pin };
  if (system) return { mode: 'system' };
  if (unverified === undefined) return null;
  return { mode: 'none', reason: unverified, until: until ?? unverifiedUntil(context) };
}

/** Where an end has to be and nobody named one. */
export const unverifiedUntil = ({ io }: Context): string =>
  new Date(io.clock() + UNVERIFIED_DAYS * DAY * 1000).toISOString().slice(0, 10);
