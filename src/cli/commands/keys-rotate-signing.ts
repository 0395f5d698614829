import type { Context } from '../context.ts';
import { moment } from '../text.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const key = await (await context.tessera()).signingKeys.rotate();
  context.out.done(
    key,
    `Published the signing key ${key.kid}. It signs from ${moment(key.active_from)} (UTC) on; the one before stays good for what it signed.`,
  );
}
