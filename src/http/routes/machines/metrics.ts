import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { JobState } from '../../../machines/record.ts';
import type { JobReads } from '../../../machines/store.ts';

/** Told of every step that a job leaves, by the process that works at it. */
export type JobStepped = (from: JobState, to: JobState, tookMs: number, ended: boolean) => void;

/** How many jobs there are at each step, how they ended, and what their steps took. */
export function jobMetrics(registry: Registry, store: Pick<JobReads, 'jobsUnderWay'>): JobStepped {
  new Gauge({
    name: 'tessera_jobs_running',
    help: 'Jobs that have not ended, by the step they are at',
    labelNames: ['step'],
    // Every process reads the same rows.
    aggregator: 'max',
    registers: [registry],
    async collect() {
      const found = await store.jobsUnderWay();
      this.reset();
      for (const { state, count } of found) this.set({ step: state }, count);
    },
  });
  const ended = new Counter({
    name: 'tessera_jobs_ended_total',
    help: 'Jobs that ended, by how they did',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const took = new Histogram({
    name: 'tessera_job_step_seconds',
    help: 'What a step of a job took',
    labelNames: ['step'],
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800],
    registers: [registry],
  });
  return (from, to, tookMs, over) => {
    took.observe({ step: from }, tookMs / 1000);
    if (over) ended.inc({ outcome: to });
  };
}
