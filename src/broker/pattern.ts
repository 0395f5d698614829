/** A rule's path, ready to be laid over the segments of a call. */
export interface Pattern {
  readonly segments: readonly RegExp[];
  /** Ends in `**`: anything may follow. */
  readonly open: boolean;
}

/** What is wrong with the text of a pattern, or `undefined`. */
export function patternFault(text: string): string | undefined {
  if (!text.startsWith('/')) return 'must begin with a slash';
  if (text.length > 500) return 'is longer than 500 characters';
  if (/[^\x21-\x7e]|[?#\\%;]/.test(text)) return 'may hold plain path characters, * and ** only';
  const segments = text.slice(1).split('/');
  if (segments.slice(0, -1).some((segment) => segment === '' || segment.includes('**')))
    return '** belongs at the end, and no segment may be empty';
  const last = segments.at(-1) ?? '';
  if (last.includes('**') && last !== '**') return '** stands alone as the last segment';
  return undefined;
}

export function compilePattern(text: string): Pattern {
  const segments = text.slice(1).split('/');
  const open = segments.at(-1) === '**';
  const closed = open ? segments.slice(0, -1) : segments.filter((part, at) => part !== '' || at === 0);
  return { segments: closed.filter((part) => part !== '').map(segmentExpression), open };
}

const segmentExpression = (segment: string): RegExp =>
  new RegExp(
    `^${segment
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*')}$`,
  );

/** Case counts. A slash at the end of the call's path does not. */
export function matches(pattern: Pattern, segments: readonly string[]): boolean {
  const { segments: wanted, open } = pattern;
  if (open ? segments.length < wanted.length : segments.length !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at++) if (!wanted[at]?.test(segments[at] ?? '')) return false;
  return true;
}
