import type { Inspected } from '../../local/proxmox/inspect.ts';
import type { Context } from '../context.ts';
import { folded } from '../test-view.ts';

/** What a person compares: whose it is, who says so, for which names, how long, and the fingerprint. */
export function certificateText({ out: { paint }, io }: Context, chain: Inspected['chain']): string {
  const [leaf] = chain;
  if (leaf === undefined) return 'No certificate was shown.';
  const date = (atSeconds: number): string => new Date(atSeconds * 1000).toISOString().slice(0, 10);
  const parts: readonly (readonly [string, string])[] = [
    ['Certificate of', leaf.subject],
    ['Issued by', leaf.selfSigned ? `${leaf.issuer} (itself)` : leaf.issuer],
    ['For', leaf.names.join(', ') || 'no name'],
    ['Valid', `${date(leaf.notBeforeSeconds)} to ${date(leaf.notAfterSeconds)}`],
    ['SHA-256', leaf.fingerprint.slice(0, 47)],
    ['', leaf.fingerprint.slice(48)],
  ];
  return parts.map(([label, text]) => folded(paint.dim(label.padEnd(16)), 16, text, io.columns)).join('\n');
}
