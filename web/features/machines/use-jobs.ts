import { queryOptions } from '@tanstack/react-query';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';

const LIVE_MS = 700;
const LIST_LIVE_MS = 2_000;

/** A job, asked for again until it has ended. */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['machines', 'job', id],
    queryFn: () => tessera.machines.get(id),
    refetchInterval: ({ state }) => (state.data?.ended === false ? LIVE_MS : false),
  });

/** What is there, being made or left over; or every job, with those that left nothing. */
export const jobListQuery = (jobs: boolean) =>
  queryOptions({
    queryKey: ['machines', jobs ? 'jobs' : 'list'],
    queryFn: () => (jobs ? tessera.jobs.list() : tessera.machines.list()),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ ended }) => !ended) === true ? LIST_LIVE_MS : false,
  });

export const settingsQuery = queryOptions({
  queryKey: ['machine-settings'],
  queryFn: () => tessera.machines.settings(),
  staleTime: 60_000,
});

/** Whole clusters are asked, so only when somebody looks. */
export const strayQuery = queryOptions({
  queryKey: ['machines', 'strays'],
  queryFn: () => tessera.strays.list(),
  retry: false,
  refetchOnWindowFocus: false,
});

/** Strays are nobody's, so both are needed: to take machines away, and to have a hand in every connection. */
export function useMayTidy(): boolean {
  const takesAway = useMay('write:machines');
  return useMay('admin:connections') && takesAway;
}
