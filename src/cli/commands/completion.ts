import type { Context, Shell } from '../context.ts';

export interface Options {
  readonly shell: Shell;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { shell } = options;
  const script = await context.completion(shell);
  context.out.show({ shell, script }, () => script);
}
