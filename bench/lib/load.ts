import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { wrkVersion } from './machine.ts';
import { ROOT } from './processes.ts';

const run = promisify(execFile);

export interface LoadRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether every answer must be a success, or every answer a refusal. */
  readonly expect: 'success' | 'refusal';
}

export interface LoadResult {
  readonly answers: number;
  readonly perSecond: number;
}

const CONNECTIONS = 64;
const AUTOCANNON = resolve(ROOT, 'bench/node_modules/autocannon/autocannon.js');
const wrk = wrkVersion();

/** Which load generator is used, for the table. */
export const loadGenerator =
  wrk === null ? `autocannon, ${CONNECTIONS} connections` : `${wrk}, 1 thread, ${CONNECTIONS} connections`;

/** GET requests as fast as the server answers them, from this process's core. */
export async function load(request: LoadRequest, seconds: number): Promise<LoadResult> {
  const result = await (wrk === null ? withAutocannon(request, seconds) : withWrk(request, seconds));
  const wrong = request.expect === 'success' ? result.refusals : result.answers - result.refusals;
  if (result.broken + wrong > 0) {
    throw new Error(`${request.url}: ${wrong} wrong answers and ${result.broken} broken connections`);
  }
  return result;
}

interface Counted extends LoadResult {
  readonly refusals: number;
  readonly broken: number;
}

async function withWrk({ url, headers }: LoadRequest, seconds: number): Promise<Counted> {
  // A server compared with may be slow; what it answers late still counts for it.
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '10s'];
  for (const [name, value] of Object.entries(headers)) options.push('-H', `${name}: ${value}`);
  const { stdout } = await run('wrk', [...options, url]);
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? 0);
  return {
    answers: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    refusals: number(/Non-2xx or 3xx responses: (\d+)/),
    broken: number(/connect (\d+)/) + number(/read (\d+)/) + number(/write (\d+)/) + number(/timeout (\d+)/),
  };
}

async function withAutocannon({ url, headers }: LoadRequest, seconds: number): Promise<Counted> {
  if (!existsSync(AUTOCANNON)) throw new Error('Install wrk, or autocannon with `npm --prefix bench ci`.');
  const options = ['-j', '-c', String(CONNECTIONS), '-d', String(seconds)];
  for (const [name, value] of Object.entries(headers)) options.push('-H', `${name}=${value}`);
  const { stdout } = await run(process.execPath, [AUTOCANNON, ...options, url], { maxBuffer: 2 ** 24 });
  const report = JSON.parse(stdout) as {
    requests: { total: number };
    duration: number;
    non2xx: number;
    errors: number;
    timeouts: number;
  };
  return {
    answers: report.requests.total,
    perSecond: report.requests.total / report.duration,
    refusals: report.non2xx,
    broken: report.errors + report.timeouts,
  };
}
