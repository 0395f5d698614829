import { TesseraError } from './error.ts';

export interface PageOf<T> {
  readonly items: T[];
  readonly next_cursor: string | null;
}

/** Every item of every page, one request at a time, none before it is needed. */
export async function* eachItem<T>(
  page: (cursor: string | undefined) => Promise<PageOf<T>>,
  first?: string | undefined,
): AsyncGenerator<T, void, undefined> {
  let cursor = first;
  for (;;) {
    const { items, next_cursor: next } = await page(cursor);
    if (!Array.isArray(items))
      throw new TesseraError({
        code: 'unexpected_answer',
        status: 200,
        message: 'The answer has no list of items, which is not how Tessera answers.',
        fix: 'Check that client and server are of the same version.',
      });
    yield* items;
    if (next === null || next === undefined) return;
    cursor = next;
  }
}

/** A name as one segment of a path. */
export const segment = (name: string): string => encodeURIComponent(name);
