import { Text, Tooltip } from '@mantine/core';

/** Unit, its seconds, and from how many of it on one speaks in it: 45 days say more than a month. */
const UNITS = [
  ['year', 31_557_600, 2],
  ['month', 2_629_800, 3],
  ['day', 86_400, 1],
  ['hour', 3_600, 1],
  ['minute', 60, 1],
] as const;

/** Made when first needed: a browser takes tens of milliseconds for its first formatter. */
const once = <T,>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};
const relative = once(() => new Intl.RelativeTimeFormat('en', { numeric: 'always' }));
const exact = once(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }));
const day = once(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' }));

/** `in 3 days`, `2 hours ago`, `just now`. */
export function relativeTime(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  for (const [unit, size, from] of UNITS) {
    const count = Math.round(seconds / size);
    if (Math.abs(count) >= from) return relative().format(count, unit);
  }
  return seconds > 0 ? 'in less than a minute' : 'just now';
}

export const exactTime = (text: string): string => exact().format(new Date(text));
export const dayOf = (text: string): string => day().format(new Date(text));

interface TimeProps {
  /** RFC 3339, as the server sends it; null: `never`, or what is given. */
  readonly at: string | null;
  readonly never?: string;
}

/** A moment as one speaks of it; exact on demand. */
export function Time({ at, never = 'never' }: TimeProps) {
  if (at === null)
    return (
      <Text span c="dimmed" inherit>
        {never}
      </Text>
    );
  return (
    <Tooltip label={exactTime(at)}>
      <time dateTime={at}>{relativeTime(Date.parse(at), Date.now())}</time>
    </Tooltip>
  );
}
