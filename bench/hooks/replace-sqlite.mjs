// Module resolution: whoever asks for SQLite gets the counting one, which itself gets the real one.
const COUNTING = new URL('./counting-sqlite.mjs', import.meta.url).href;

export function resolve(specifier, context, next) {
  const isSqlite = specifier === 'node:sqlite' || specifier === '@photostructure/sqlite';
  return isSqlite && context.parentURL !== COUNTING
    ? { url: COUNTING, shortCircuit: true }
    : next(specifier, context);
}
