import type { Finding, Rights, TestReport } from '../wire/diagnosis.ts';
import type { Context } from './context.ts';
import { tableText } from './table.ts';
import { moment, printable, wrap } from './text.ts';

const LAYER_WORDS: Readonly<Record<TestReport['layers'][number]['layer'], string>> = {
  format: 'settings are well formed',
  dns: 'name is known',
  tcp: 'port answers',
  tls: 'certificate is trusted',
  product: 'it is what it should be',
  authentication: 'credential is accepted',
  rights: 'rights suffice',
  objects: 'what is named exists',
};

/** A whole test for a person: who and where, layer by layer, what was found, and one verdict at the end. */
export function testText(
  context: Context,
  about: readonly (readonly [string, string])[],
  report: TestReport,
): string {
  const { paint } = context.out;
  const parts: (readonly [string, string | null])[] = [
    ...about,
    ['Identity', report.identity],
    ['Version', report.version],
    ['Ends', report.credential_expires_at === null ? null : moment(report.credential_expires_at)],
  ];
  const told = parts.filter((part): part is [string, string] => part[1] !== null);
  const width = Math.max(...told.map(([label]) => label.length));
  const head = told.map(([label, text]) =>
    indented(`${paint.dim(label.padEnd(width))}  `, width + 2, text, context),
  );
  const sections = [
    head.join('\n'),
    report.layers.map((layer) => layerLine(context, layer)).join('\n'),
    ...factTexts(context, report.facts),
    ...report.findings.map((finding) => findingText(context, finding)),
    verdictLine(context, report),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function layerLine({ out: { paint } }: Context, { layer, state }: TestReport['layers'][number]): string {
  const words = LAYER_WORDS[layer];
  if (state === 'passed') return `${paint.green('✔')} ${words}`;
  if (state === 'warned') return `${paint.yellow('!')} ${words}, with a warning`;
  if (state === 'failed') return `${paint.red('✖')} ${words}: no`;
  return paint.dim(`- ${words}: not reached`);
}

export function verdictLine(context: Context, report: Pick<TestReport, 'verdict' | 'sentence'>): string {
  const { paint } = context.out;
  const word =
    report.verdict === 'failed'
      ? paint.red('FAILED')
      : report.verdict === 'warnings'
        ? paint.yellow('OK, with warnings')
        : paint.green('OK');
  return `Verdict: ${word}.\n${folded('', 0, report.sentence, context.io.columns)}`;
}

/** Sentence, evidence and remedy. */
export function findingText(context: Context, finding: Finding): string {
  return [
    findingHead(context, finding),
    indented(context.out.paint.dim('  Seen: '), 8, finding.evidence, context),
    ...fixLines(finding.fix, context.io.columns - 2).map((line) => `  ${line}`),
  ].join('\n');
}

/** What is wrong, in a sentence. */
export function findingHead(context: Context, finding: Finding): string {
  const { paint } = context.out;
  const mark = finding.severity === 'blocking' ? paint.red('✖') : paint.yellow('!');
  return [
    `${mark} ${paint.bold(finding.code)} (${finding.probe})`,
    indented('  ', 2, finding.sentence, context),
  ].join('\n');
}

/** A line for each step and each alternative. Commands are not folded, because they get copied. */
export function fixLines(fix: string, columns: number): string[] {
  const lines = fix.split(/\n|; (?=or: |then[ :])/);
  return lines.flatMap((line, at) => {
    const head = at === 0 ? 'Fix:  ' : '      ';
    return isProse(line) ? folded(head, 6, line, columns).split('\n') : `${head}${printable(line)}`;
  });
}

/** A sentence, in which no command and no setting is given. */
const isProse = (line: string): boolean => /^[A-Z][a-z]* /.test(line) && !/[:=`"]|--/.test(line);

const indented = (head: string, indent: number, text: string, { io }: Context): string =>
  folded(head, indent, text, io.columns);

/** Text behind a head, its further lines indented, within the width. `indent` is the width of the head. */
export function folded(head: string, indent: number, text: string, width: number): string {
  const lines = wrap(printable(text), Math.max(20, width - indent)).split('\n');
  return lines.map((line, at) => (at === 0 ? head : ' '.repeat(indent)) + line).join('\n');
}

function factTexts(context: Context, facts: Readonly<Record<string, unknown>>): string[] {
  const texts: string[] = [];
  const nodes = rows(facts.nodes);
  if (nodes.length > 0) texts.push(nodesText(context, nodes));
  const templates = rows(facts.templates);
  if (templates.length > 0) texts.push(templatesText(context, templates));
  if (isRights(facts.rights)) texts.push(rightsText(context, facts.rights));
  return texts;
}

type Row = Readonly<Record<string, unknown>>;

const rows = (value: unknown): readonly Row[] =>
  Array.isArray(value) ? value.filter((each): each is Row => typeof each === 'object' && each !== null) : [];

const isRights = (value: unknown): value is Rights =>
  typeof value === 'object' && value !== null && 'lines' in value && 'missing' in value;

const cell = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const yesNo = (value: unknown): string => (value === true ? 'yes' : value === false ? 'no' : '');

export function nodesText({ io }: Context, nodes: readonly Row[], marked = ''): string {
  return tableText(
    nodes,
    [
      { head: 'Node', cell: (node) => `${cell(node.name)}${node.name === marked ? ' *' : ''}` },
      { head: 'Status', cell: (node) => cell(node.status) },
    ],
    io.columns,
  );
}

/** Templates as the engine tells them here (`cloudInit`) or as the server does (`cloud_init`). */
export function templatesText({ io }: Context, templates: readonly Row[]): string {
  return tableText(
    templates,
    [
      { head: 'Template', cell: (template) => cell(template.id) },
      { head: 'Name', cell: (template) => cell(template.name), folds: true },
      { head: 'Node', cell: (template) => cell(template.node) },
      { head: 'Cloud-init', cell: (template) => yesNo(template.cloudInit ?? template.cloud_init) },
      { head: 'Agent', cell: (template) => yesNo(template.agent) },
    ],
    io.columns,
  );
}

/** Step by step what a task needs, and whether it is there. */
export function rightsText(context: Context, rights: Rights): string {
  const { io } = context;
  return tableText(
    rights.lines,
    [
      { head: '', cell: (line) => (line.held ? '✔' : '✖') },
      { head: `To ${rights.task}`, cell: (line) => line.step, folds: true },
      { head: 'Needs', cell: (line) => line.needs.join(' or '), folds: true },
      { head: 'On', cell: (line) => line.path, folds: true },
    ],
    io.columns,
  );
}
