import type { Context } from '../context.ts';
import { CliError, usageError } from '../failure.ts';

export interface Options {
  readonly port?: string;
}

export async function run({ port = '0' }: Options, context: Context): Promise<void> {
  const { io, out } = context;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw usageError(`--port: '${port}' is not a port.`, 'Write a number from 0 to 65535.');
  const [{ runDemo }, { screen }] = await Promise.all([
    import('../../demo/demo.ts'),
    import('../../demo/screen.ts'),
  ]);
  const stopped = new Promise<void>((resolve) => {
    io.signal.addEventListener('abort', () => resolve());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const outcome = await runDemo({
    port: Number(port),
    program: process.argv[1] ?? '',
    environment: io.env,
    stopped,
    step: (text) =>
      io.stderr.write(io.errorIsTerminal ? `\r\u001b[KStarting: ${text} ...` : `Starting: ${text}\n`),
    ready(shown) {
      if (io.errorIsTerminal) io.stderr.write('\r\u001b[K');
      out.show(
        {
          url: shown.url,
          username: 'admin',
          password: shown.adminPassword,
          lab_token_file: shown.labTokenFile,
        },
        () => screen(shown, out.paint),
      );
    },
  });
  if (!outcome.ok) throw new CliError(outcome.error.message, outcome.error.fix);
  if (!outcome.value) throw new CliError('The server ended by itself.', 'Start the demo again.');
  if (io.errorIsTerminal) io.stderr.write('\r\u001b[K');
  out.remark('The demo is over; its folder is removed.');
}
