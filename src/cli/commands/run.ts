import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Tessera } from '../../client/index.ts';
import { routeAddress } from '../../client/snippets/route-address.ts';
import type { Route } from '../../wire/routes.ts';
import type { Context } from '../context.ts';
import { CliError, usageError } from '../failure.ts';
import { holdSignals, type Signals } from '../signals.ts';

export interface Options {
  readonly command: string[];
  readonly connection?: string;
  readonly route?: string;
  readonly scope?: string[];
  readonly ttl?: string;
}

const TTL = '12h';

/** Runs the program and ends as it ends. The token is revoked in every case, also when the program is killed. */
export async function run(options: Options, context: Context): Promise<number> {
  const { command, ttl = TTL } = options;
  const [program, ...args] = command;
  if (program === undefined)
    throw usageError('There is no program to run.', 'Such as: tessera run --route lab -- curl ...');
  const tessera = await context.tessera();
  const route = await findRoute(tessera, options);
  const scopes = options.scope ?? (route.levels === null ? [] : [route.levels.read]);
  if (scopes.length === 0)
    throw usageError(`The route '${route.name}' has no levels.`, 'Say what the token may do: --scope SCOPE');
  const { url } = await context.target();
  // From before there is a token until it is revoked, no signal ends this program and leaves it behind.
  const signals = holdSignals();
  try {
    const { token, details } = await tessera.tokens.create({
      name: `run ${program.split('/').at(-1)} ${Date.now().toString(36)}`.slice(0, 64),
      scopes,
      expires_in: ttl,
    });
    const env = { ...context.io.env, ...environmentOf(route, url, token) };
    try {
      return await runChild(program, args, env, signals);
    } finally {
      await revoke(tessera, details.id, context);
    }
  } finally {
    signals.release();
  }
}

/** The program has ended as it ended; a server that is away by now does not change that, and is not passed over. */
async function revoke(tessera: Tessera, id: string, { out }: Context): Promise<void> {
  try {
    await tessera.tokens.revoke(id);
  } catch (failure) {
    out.remark(`error: The token of this run could not be revoked: ${(failure as Error).message}`);
    out.remark(`It ends by itself. Sooner, once the server answers: tessera token delete ${id}`);
  }
}

async function findRoute(tessera: Tessera, { route, connection }: Options): Promise<Route> {
  if (route !== undefined && connection !== undefined)
    throw usageError('Give --connection or --route, not both.');
  if (route === undefined && connection === undefined)
    throw usageError(
      'Give --connection or --route.',
      'Such as: tessera run --connection pve-lab -- terraform plan',
    );
  if (route !== undefined) return tessera.routes.get(route);
  const { items } = await tessera.routes.list();
  const id = (await tessera.connections.get(connection ?? '')).id;
  const found = items.filter((item) => item.connection === id);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined)
    throw new CliError(
      `No route leads to the connection '${connection}'.`,
      `Make one: tessera route create NAME --connection ${connection}`,
    );
  throw usageError(
    `Several routes lead to '${connection}': ${found.map((item) => item.name).join(', ')}.`,
    'Choose one with --route.',
  );
}

/** What tools read to find the route and the token, each by its own names. */
function environmentOf(route: Route, server: string, token: string): Record<string, string> {
  const address = routeAddress(route, server).toString().replace(/\/$/, '');
  const common = { TESSERA_TOKEN: token, TESSERA_URL: server, TESSERA_ROUTE_URL: address };
  switch (route.kind) {
    case 'proxmox':
      return {
        ...common,
        PROXMOX_VE_ENDPOINT: `${address}/`,
        PROXMOX_VE_API_TOKEN: `any@pve!any=${token}`,
        TF_VAR_tessera_token: token,
        PROXMOX_USER: 'any@pve',
        PROXMOX_TOKEN_NAME: 'any',
        PROXMOX_TOKEN_VALUE: token,
      };
    case 'foreman':
      return { ...common, FOREMAN_USERNAME: 'any', FOREMAN_PASSWORD: token };
    default:
      return common;
  }
}

const WHY_NOT: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it may not be executed',
};

/** The exit code of a program that a signal ended is 128 and the signal's number, as shells have it. */
function runChild(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signals: Signals,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
    if (signals.first !== null) return resolve(ended(signals.first));
    const child = spawn(program, args, { stdio: 'inherit', env });
    signals.passTo(child);
    child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      reject(new CliError(`Cannot run ${program}: ${WHY_NOT[code ?? ''] ?? message}.`));
    });
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 128 : ended(signal))));
  });
}
