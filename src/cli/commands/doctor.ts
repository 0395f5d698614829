import type { ConnectionKind } from '../../wire/connection-parts.ts';
import type { Finding } from '../../wire/diagnosis.ts';
import type { Doctor } from '../../wire/events.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../failure.ts';
import { tableText } from '../table.ts';
import { findingText, folded } from '../test-view.ts';

export interface Options {
  readonly connection?: string;
  readonly kind?: ConnectionKind;
}

/** Examines every connection; the exit code names the first layer at which one fails. */
export async function run({ connection, kind }: Options, context: Context): Promise<number> {
  const tessera = await context.tessera();
  const doctor = await tessera.doctor({ connection, kind });
  if (doctor.items.length === 0 && !context.out.json) {
    context.out.remark('There is no connection to examine.');
    return EXIT.done;
  }
  context.out.show({ ...doctor, findings: doctor.items.flatMap(flat) }, () => doctorText(doctor, context));
  return doctor.exit_code;
}

type Item = Doctor['items'][number];

const findingsOf = ({ report }: Item): readonly Finding[] => report?.findings ?? [];
const flat = (item: Item) =>
  findingsOf(item).map((finding) => ({ connection: item.connection.name, ...finding }));

function doctorText(doctor: Doctor, context: Context): string {
  const lines = doctor.items.flatMap((item): Line[] => {
    const findings = findingsOf(item);
    const state = item.report?.verdict ?? 'not tested';
    const { name, kind } = item.connection;
    if (findings.length === 0)
      return [
        { name, kind, state, code: '', probe: '', sentence: item.problem ?? item.report?.sentence ?? '' },
      ];
    return findings.map(({ code, probe, sentence }) => ({ name, kind, state, code, probe, sentence }));
  });
  const fixes = doctor.items.flatMap((item) =>
    findingsOf(item).map((finding) => `${item.connection.name}:\n${findingText(context, finding)}`),
  );
  return [
    tableText(lines, COLUMNS, context.io.columns),
    ...fixes,
    folded('', 0, doctor.sentence, context.io.columns),
  ].join('\n\n');
}

interface Line {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly code: string;
  readonly probe: string;
  readonly sentence: string;
}

const COLUMNS = [
  { head: 'Connection', cell: (line: Line) => line.name },
  { head: 'Kind', cell: (line: Line) => line.kind },
  { head: 'State', cell: (line: Line) => line.state },
  { head: 'Code', cell: (line: Line) => line.code },
  { head: 'Probe', cell: (line: Line) => line.probe },
  { head: 'What', cell: (line: Line) => line.sentence, folds: true },
];
