import type { Finding, TestReport } from '../../wire/diagnosis.ts';
import type { Context } from '../context.ts';
import { CliError, usageError } from '../failure.ts';
import { proxmoxConnection } from '../machines/proxmox-connection.ts';
import { wholeNumber } from '../numbers.ts';
import { findingText } from '../test-view.ts';

export interface Options {
  readonly version?: readonly string[];
  readonly template?: string;
  readonly connection?: string;
}

interface Checked {
  readonly version: string;
  readonly template: number;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/** Warnings of a test that stand in the way of a machine all the same. */
const IN_THE_WAY: ReadonlySet<string> = new Set(['NO_CLOUDINIT', 'NO_AGENT', 'TEMPLATE_WRONG_OS']);
const LACKING = 5;

export async function run(options: Options, context: Context): Promise<number> {
  const tessera = await context.tessera();
  const wanted = wantedOf(options, (await tessera.machines.settings()).templates);
  const connection = await proxmoxConnection(tessera, options.connection);
  const checked: Checked[] = [];
  let exitCode = 0;
  for (const { version, template } of wanted) {
    const expect = { task: 'clone-vm', templates: [{ id: template, version }] };
    const report = await tessera.connections.test(connection.id, { expect });
    const findings = report.findings.filter(standsInTheWay);
    const ok = findings.length === 0 && report.verdict !== 'failed';
    checked.push({ version, template, ok, findings });
    if (!ok) exitCode = Math.max(exitCode, LACKING);
    // The way there or the credential: the next template would say the same again.
    if (report.exit_code === 3 || report.exit_code === 4) {
      exitCode = report.exit_code;
      break;
    }
  }
  context.out.show(checked, () => checked.map((each) => checkedText(each, context)).join('\n'));
  return exitCode;
}

const standsInTheWay = ({ severity, code }: TestReport['findings'][number]): boolean =>
  severity === 'blocking' || IN_THE_WAY.has(code);

function wantedOf(
  { version: versions = [], template }: Options,
  known: readonly { readonly version: string; readonly template: number }[],
) {
  if (template !== undefined) {
    const [version, more] = versions;
    if (version === undefined || more !== undefined)
      throw usageError('--template goes with one release.', 'Write: check 22.04 --template 9000');
    return [{ version, template: wholeNumber('--template', template) }];
  }
  if (known.length === 0)
    throw new CliError(
      'The server knows no template.',
      'Name one there, as UBUNTU_2204_TEMPLATE_ID=9000 in its .env; or build one: tessera vm template build 22.04',
    );
  const all = [...known].sort((a, b) => a.version.localeCompare(b.version));
  const odd = versions.find((each) => !all.some(({ version }) => version === each));
  if (odd !== undefined)
    throw new CliError(
      `The server knows no template for Ubuntu ${odd}; it knows: ${all.map(({ version }) => version).join(', ')}.`,
      `Build one: tessera vm template build ${odd}`,
    );
  return versions.length === 0 ? all : all.filter(({ version }) => versions.includes(version));
}

function checkedText({ version, template, ok, findings }: Checked, context: Context): string {
  const { paint } = context.out;
  const head = `${ok ? paint.green('✔') : paint.red('✖')} Ubuntu ${version}: template ${template}`;
  if (ok) return `${head} is ready`;
  return [head, ...findings.map((finding) => findingText(context, finding)), ''].join('\n');
}
