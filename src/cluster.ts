import cluster, { type Worker } from 'node:cluster';
import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client';

const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const METRICS_PATIENCE_MS = 2_000;

/**
 * Runs workers that share one port and ends them all on a signal. Until all of them listen, one that fails (a port
 * in use) ends everything; from then on one that ends is replaced, after a pause that grows while replacements
 * cannot start. `args` come behind the arguments this process was started with; workers are given `environment`,
 * whether or not this process still has all of it. Resolves with the exit code.
 */
export function superviseWorkers(
  count: number,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  allListening: () => void,
): Promise<number> {
  return new Promise((resolve) => {
    const serving = new Set<Worker>();
    const replacements = new Set<NodeJS.Timeout>();
    let announced = false;
    let stopping = false;
    let exitCode = 0;
    let pause = SHORTEST_PAUSE_MS;

    const running = (): Worker[] =>
      Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const stop = (): void => {
      stopping = true;
      for (const replacement of replacements) clearTimeout(replacement);
      for (const worker of running()) worker.process.kill('SIGTERM');
      if (running().length === 0) resolve(exitCode);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);

    cluster.on('listening', (worker) => {
      serving.add(worker);
      pause = SHORTEST_PAUSE_MS;
      if (serving.size === count && !announced) {
        announced = true;
        allListening();
      }
    });
    cluster.on('exit', (worker, code) => {
      const served = serving.delete(worker);
      if (stopping) {
        if (running().length === 0) resolve(exitCode);
      } else if (!announced) {
        exitCode = code || 1;
        stop();
      } else {
        const replacement = setTimeout(() => {
          replacements.delete(replacement);
          cluster.fork(environment);
        }, pause);
        replacements.add(replacement);
        if (!served) pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    });
    gatherMetrics(serving);
    cluster.setupPrimary({ args: [...process.argv.slice(2), ...args] });
    for (let worker = 0; worker < count; worker++) cluster.fork(environment);
  });
}

/** Between a worker that is asked for metrics, the supervisor, and all workers that serve. */
type Message =
  | { readonly tessera: 'metrics wanted'; readonly question: number }
  | { readonly tessera: 'report metrics'; readonly question: number }
  | { readonly tessera: 'metrics reported'; readonly question: number; readonly metrics: MetricObject[] }
  | { readonly tessera: 'metrics gathered'; readonly question: number; readonly text: string };
type MetricObject = MetricObjectWithValues<MetricValue<string>>;

function gatherMetrics(serving: ReadonlySet<Worker>): void {
  const asked = new Map<number, (from: Worker, metrics: MetricObject[]) => void>();
  let questions = 0;

  async function gather(): Promise<string> {
    const question = questions++;
    const reported = new Map<Worker, MetricObject[]>();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, METRICS_PATIENCE_MS);
      asked.set(question, (from, metrics) => {
        reported.set(from, metrics);
        if (reported.size < serving.size) return;
        clearTimeout(timer);
        resolve();
      });
      for (const worker of serving) tell(worker, { tessera: 'report metrics', question });
    });
    asked.delete(question);
    return AggregatorRegistry.aggregate([...reported.values()]).metrics();
  }

  cluster.on('message', (worker, message: Message) => {
    if (message.tessera === 'metrics reported') asked.get(message.question)?.(worker, message.metrics);
    if (message.tessera !== 'metrics wanted') return;
    void gather().then((text) =>
      tell(worker, { tessera: 'metrics gathered', question: message.question, text }),
    );
  });
}

// A worker may be gone by now; then nobody waits for this.
const tell = (to: Worker | NodeJS.Process, message: Message): void => {
  to.send?.(message, undefined, undefined, () => {});
};

/** The metrics of this process; in a worker those of all workers together, which it gets from the supervisor. */
export function sharedMetrics(registry: Registry): Pick<Registry, 'contentType' | 'metrics'> {
  if (!cluster.isWorker) return registry;
  const waiting = new Map<number, (text: string) => void>();
  let questions = 0;
  process.on('message', (message: Message) => {
    if (message.tessera === 'metrics gathered') waiting.get(message.question)?.(message.text);
    if (message.tessera !== 'report metrics') return;
    void registry
      .getMetricsAsJSON()
      .then((metrics) => tell(process, { tessera: 'metrics reported', question: message.question, metrics }));
  });
  return {
    contentType: registry.contentType,
    metrics: () =>
      new Promise((resolve) => {
        const question = questions++;
        waiting.set(question, (text) => {
          waiting.delete(question);
          resolve(text);
        });
        tell(process, { tessera: 'metrics wanted', question });
      }),
  };
}
