/**
 * Checks a path that is to be appended to an origin byte for byte.
 *
 * @returns what is wrong with it, or `undefined`. Dot segments are refused in every spelling: a server that
 * resolves them would leave the registered base path.
 */
export function checkPath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'The path must start with a slash';
  if (/[^\u0021-\u007e]/.test(path)) return 'The path holds a blank, a control character or a non-ASCII one';
  if (path.includes('#')) return 'The path holds a fragment';
  const [before = ''] = path.split('?');
  const dotted = before
    .split(/\/|%2f|\\|%5c/i)
    .some((segment) => /^(\.|%2e){1,2}$/i.test(segment.split(';')[0] ?? ''));
  return dotted ? 'The path holds a dot segment' : undefined;
}
