import { z } from 'zod';
import { type BAD, type Field, faulted } from './reader.ts';

/** The last second of the year 9999. */
const LAST = 253_402_300_799;
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * A moment in whole seconds since the epoch. Comes as such a number (also with a fraction, also as text) or in the
 * form of ISO 8601, where no zone means UTC. Fractions are cut off.
 */
export const moment: Field<number> = {
  schema: z.union([z.number(), z.string()]).meta({ description: 'Seconds since the epoch, or ISO 8601' }),
  read(value, loc, faults): number | typeof BAD {
    if (typeof value !== 'number' && typeof value !== 'string')
      return faulted(faults, 'datetime_type', loc, 'Input should be a valid datetime', value);
    const read = typeof value === 'number' ? value : fromText(value.trim());
    if (read === null || !Number.isFinite(read) || Math.abs(read) > LAST) {
      const reason = 'neither seconds since the epoch nor a moment in ISO 8601';
      return faulted(
        faults,
        'datetime_from_date_parsing',
        loc,
        `Input should be a valid datetime or date, ${reason}`,
        value,
        { error: reason },
      );
    }
    return Math.floor(read);
  },
};

function fromText(text: string): number | null {
  if (/^[+-]?\d{1,15}(\.\d*)?$/.test(text)) return Number(text);
  const match = ISO.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return null;
  // Set apart from Date.UTC, which takes the years before 100 as short for 19xx.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second);
  const offset = offsetSeconds(match[7] ?? 'Z');
  return offset === null ? null : date.getTime() / 1000 - offset;
}

function offsetSeconds(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}
