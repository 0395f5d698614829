import { usageError } from './failure.ts';

/** A number as a person writes it behind a flag; refuses anything but digits. */
export function wholeNumber(flag: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(`${flag}: '${text}' is not a number.`, 'Write a whole number.');
}

/** A number that need not be whole; `fallback` when nothing was said. */
export function numberOfAtLeast(
  flag: string,
  text: string | undefined,
  fallback: number,
  least: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && text.trim() !== '') return value;
  throw usageError(
    `${flag}: '${text}' is not a number of at least ${least}.`,
    `Write it as ${flag} ${fallback}`,
  );
}

const MIB = { '': 1, M: 1, G: 1024, T: 1024 * 1024 } as const;

/** `2048`, `2048M` or `4G` as MiB. */
export function mebibytes(flag: string, text: string): number {
  const [, number, unit] = /^([1-9]\d{0,8})([MGT]?)(?:i?B)?$/i.exec(text) ?? [];
  if (number !== undefined) return Number(number) * MIB[(unit ?? '').toUpperCase() as keyof typeof MIB];
  throw usageError(`${flag}: '${text}' is not a size.`, 'Write MiB as 2048, or with a unit as 4G.');
}

/** `20`, `20G` or `1T` as GiB. */
export function gibibytes(flag: string, text: string): number {
  const [, number, unit] = /^([1-9]\d{0,8})([GT]?)(?:i?B)?$/i.exec(text) ?? [];
  if (number !== undefined) return Number(number) * (unit?.toUpperCase() === 'T' ? 1024 : 1);
  throw usageError(`${flag}: '${text}' is not a size.`, 'Write GiB as 20, or with a unit as 20G or 1T.');
}
