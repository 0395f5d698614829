import type { Context } from '../context.ts';
import { programVersion } from '../version.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const version = programVersion();
  context.out.show({ version }, () => version);
}
