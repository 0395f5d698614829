import type { Kysely, RootOperationNode } from 'kysely';
import type { Tables } from '../../src/storage/schema.ts';

/** The same database, and every statement that is sent by way of it from now on. */
export function overheard(db: Kysely<Tables>): { db: Kysely<Tables>; statements: RootOperationNode[] } {
  const statements: RootOperationNode[] = [];
  const listening = db.withPlugin({
    transformQuery({ node }) {
      statements.push(node);
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  return { db: listening, statements };
}
