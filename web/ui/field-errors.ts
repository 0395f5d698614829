import { TesseraError } from '../../src/client/error.ts';

/** What the server said about single fields, by field: for the `error` of the inputs. */
export function fieldErrors(error: unknown): Readonly<Record<string, string | undefined>> {
  if (!(error instanceof TesseraError)) return {};
  return Object.fromEntries(error.fields.map(({ field, message }) => [field, sentence(message)]));
}

/** Whether nothing of the failure would be seen beside the given inputs, so that it must be said apart. */
export function isBesideFields(error: unknown, shown: readonly string[]): boolean {
  if (error === null || error === undefined) return false;
  if (!(error instanceof TesseraError) || error.fields.length === 0) return true;
  return error.fields.some(({ field }) => !shown.includes(field));
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
