import type { Finding } from '../../src/kinds/finding.ts';

/** What differs from run to run, by the placeholder it has in the documentation. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g, '<sha256>'],
  [/127\.0\.0\.1:\d{5}/g, '127.0.0.1:<port>'],
  [/UPID:\S+/g, '<task>'],
  [/OU=[0-9a-f]{32}/g, 'OU=<cluster>'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d\b/g, '<date>'],
  [/\b[Pp]ort \d{5}\b/g, 'port <port>'],
];

const stable = (text: string): string =>
  VOLATILE.reduce((so, [what, name]) => so.replace(what, name), text).replaceAll('\n', '; ');

/** A finding as the documentation shows it. */
export const blockOf = ({ code, probe, severity, evidence, sentence, fix }: Finding): string =>
  [
    `### ${code}`,
    '',
    `${stable(sentence)}${severity === 'warning' ? ' (A warning.)' : ''}`,
    '',
    `- Seen by ${probe}: \`${stable(evidence)}\``,
    `- Then: ${stable(fix)}`,
    '',
  ].join('\n');

/** Every block of the page, by its code. */
export function blocksOf(page: string): ReadonlyMap<string, string> {
  const blocks = page.split(/^(?=###? )/m).filter((block) => block.startsWith('### '));
  return new Map(blocks.map((block) => [/^### (\S+)/.exec(block)?.[1] ?? '', `${block.trimEnd()}\n`]));
}
