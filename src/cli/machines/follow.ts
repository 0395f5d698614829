import { setTimeout as pause } from 'node:timers/promises';
import { type Tessera, TesseraError } from '../../client/index.ts';
import type { Job } from '../../wire/machines.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { openProgress, type Progress } from './progress.ts';

/** As shells have it for a program that SIGINT ended. */
const INTERRUPTED = 130;
/** A server that is started anew goes on with the job; so long it is waited for. */
const PATIENCE_MS = 60_000;
const AGAIN_MS = 1000;

/** Shows a job until it ends. Ctrl-C ends the waiting, and not the job. */
export async function follow(tessera: Tessera, first: Job, context: Context): Promise<Job> {
  const { signal, forget } = interruption(context.io.signal);
  const progress = openProgress(context);
  try {
    progress.show(first);
    const job = await watched(tessera, first, signal, progress);
    if (job.ended) return job;
    throw new CliError(
      'No longer waiting; the job goes on.',
      `Follow it: tessera job show ${first.id} --follow\nCancel it: tessera job cancel ${first.id}`,
      INTERRUPTED,
    );
  } finally {
    progress.end();
    forget();
  }
}

/** The job as it was seen last: ended, unless the signal came first. */
async function watched(tessera: Tessera, first: Job, signal: AbortSignal, progress: Progress): Promise<Job> {
  let job = first;
  for (let lostAt: number | null = null; ; ) {
    try {
      for await (const next of tessera.jobs.follow(job.id, signal)) {
        job = next;
        lostAt = null;
        progress.show(job);
      }
      return job;
    } catch (failure) {
      const gone = failure instanceof TesseraError && ['unreachable', 'unavailable'].includes(failure.code);
      if (!gone || (lostAt !== null && Date.now() - lostAt > PATIENCE_MS)) throw failure;
      if (lostAt === null) progress.say('The server does not answer at the moment; the job is kept there.');
      lostAt ??= Date.now();
      await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Aborted by Ctrl-C, or by whoever runs the command. */
function interruption(outer: AbortSignal): { readonly signal: AbortSignal; forget(): void } {
  const own = new AbortController();
  const heard = (): void => own.abort();
  process.once('SIGINT', heard);
  return {
    signal: AbortSignal.any([own.signal, outer]),
    forget: () => void process.removeListener('SIGINT', heard),
  };
}
