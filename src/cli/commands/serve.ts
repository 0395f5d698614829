import type { Context } from '../context.ts';

/** Flags as they were typed; the server checks them together with its other settings. */
export interface Options {
  readonly host?: string;
  readonly port?: string;
  readonly dataDir?: string;
  readonly workers?: string;
}

export async function run(options: Options, { io }: Context): Promise<number> {
  const { host, port, dataDir, workers } = options;
  const { runServer } = await import('../../main.ts');
  return runServer(
    {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(workers === undefined ? {} : { workers }),
    },
    io.env,
  );
}
