import cluster, { type Worker } from 'node:cluster';

const RESTART_PAUSE_MS = 500;

/**
 * Runs workers that share one port, replaces one that dies while serving, and ends them all on a signal. A worker
 * that never came to listen (a port in use) ends everything. Resolves with the exit code.
 */
export function superviseWorkers(count: number, allListening: () => void): Promise<number> {
  return new Promise((resolve) => {
    const serving = new Set<Worker>();
    let announced = false;
    let stopping = false;
    let exitCode = 0;

    const stop = (): void => {
      stopping = true;
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);

    cluster.on('listening', (worker) => {
      serving.add(worker);
      if (serving.size === count && !announced) {
        announced = true;
        allListening();
      }
    });
    cluster.on('exit', (worker, code) => {
      const served = serving.delete(worker);
      if (!stopping && !served) {
        exitCode = code || 1;
        stop();
      } else if (!stopping) {
        setTimeout(() => {
          if (!stopping) cluster.fork();
        }, RESTART_PAUSE_MS);
      }
      if (stopping && Object.keys(cluster.workers ?? {}).length === 0) resolve(exitCode);
    });
    for (let worker = 0; worker < count; worker++) cluster.fork();
  });
}
