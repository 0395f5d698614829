import { type Clock, seconds } from '../../base/clock.ts';
import type { OutboundResponse } from '../../outbound/message.ts';
import type { Finding } from '../finding.ts';
import type { Place } from './rows.ts';
import { type ReachSubject, reachFinding } from './subject.ts';

/** Difference between a server's `Date` header and our clock in seconds; positive: the server is ahead. */
export function dateOffset(answer: OutboundResponse, clock: Clock): number | undefined {
  const at = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000) - seconds(clock);
}

/** More than this many seconds between two clocks breaks tickets, one-time codes and certificates. */
export const CLOCK_TOLERANCE = 300;

/** `2 h 5 min ahead`, for a person. */
export function offsetText(offsetSeconds: number): string {
  const minutes = Math.round(Math.abs(offsetSeconds) / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const parts = [days && `${days} d`, hours && `${hours} h`, rest && `${rest} min`].filter(Boolean);
  return `${parts.join(' ')} ${offsetSeconds > 0 ? 'ahead' : 'behind'}`;
}

/** Whose clock is wrong, when a server's and ours differ: a third one decides, else ours is believed. */
export async function judgeClocks(
  subject: Pick<ReachSubject, 'client' | 'clock' | 'product' | 'surroundings'>,
  answer: OutboundResponse,
  probe: string,
): Promise<Finding | undefined> {
  const offset = dateOffset(answer, subject.clock);
  if (offset === undefined || Math.abs(offset) <= CLOCK_TOLERANCE) return undefined;
  const { client, product } = subject;
  const place: Place = { host: client.origin.host, port: client.origin.port, product };
  const third = await subject.surroundings.referenceTime?.();
  const ours = seconds(subject.clock);
  const evidence = `Date: ${answer.headers.date}, here ${new Date(ours * 1000).toUTCString()}`;
  if (third !== undefined && Math.abs(third - ours) > CLOCK_TOLERANCE)
    return reachFinding(
      'CLOCK_HERE',
      probe,
      evidence,
      { ...place, offset: offsetText(ours - third) },
      'warning',
    );
  return reachFinding('CLOCK_SERVER', probe, evidence, { ...place, offset: offsetText(offset) });
}
