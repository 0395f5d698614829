/** Nothing in it is special to any reader of `.env` files, nor to a shell that sources one. */
const PLAIN = /^[A-Za-z0-9_@:./,+=-]*$/;
/** Between single quotes some readers take a backslash before another one, a quote or the end as an escape. */
const SINGLE = /^(?!.*\\(\\|$))[^'\u0000-\u001f\u007f]*$/s;

/**
 * A value as it is written into an `.env` file. Bare where that is safe, else between single quotes, and only
 * where those cannot hold it between double quotes with escapes. `!` is quoted for the sake of shells.
 */
export function quoteEnv(value: string): string {
  if (PLAIN.test(value)) return value;
  if (SINGLE.test(value)) return `'${value}'`;
  const escaped = value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `"${escaped}"`;
}
