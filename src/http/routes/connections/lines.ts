import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Pages } from '../../../connections/inventory.ts';
import type { InventoryLine } from '../../../wire/inventory.ts';
import { presentFinding } from './present.ts';

export const LINES_TYPE = 'application/x-ndjson';

/** Sends pages as they arrive, one JSON text a line; the reader's pace decides how fast they are fetched. */
export const sendLines = (reply: FastifyReply, pages: Pages): FastifyReply =>
  reply
    .header('content-type', LINES_TYPE)
    .header('cache-control', 'no-store')
    .send(Readable.from(texts(pages), { highWaterMark: 1 }));

async function* texts(pages: Pages): AsyncGenerator<string> {
  const line = (value: InventoryLine): string => `${JSON.stringify(value)}\n`;
  let seen = 0;
  for await (const page of pages) {
    if (!page.ok) {
      yield line({ end: 'failed', seen, finding: presentFinding(page.error) });
      return;
    }
    seen = page.value.seen;
    yield line({ ...page.value, rows: [...page.value.rows] });
  }
  yield line({ end: 'complete', seen });
}
