import pico from 'picocolors';
import { type Io, rowColumns } from './io.ts';
import { type Column, tableText } from './table.ts';
import { printable } from './text.ts';

/** Where answers and remarks go. Standard output carries the answer and nothing else. */
export interface Output {
  readonly json: boolean;
  readonly paint: ReturnType<typeof pico.createColors>;
  /** A line of the answer, only in text. */
  line(text: string): void;
  /** A remark to the person, on standard error. */
  remark(text: string): void;
  /** The answer: the value as JSON, or what `text` makes of it. */
  show(value: unknown, text: () => string): void;
  /** A secret, alone on standard output this one time; as JSON, the whole answer. */
  secret(secret: string, whole: unknown): void;
  /** Rows; when there are none, a remark that says what to do next. */
  list<T>(items: readonly T[], columns: readonly Column<T>[], whenEmpty: string): void;
  /** One thing, a line for each of its parts; parts without a text are left out. */
  record(value: unknown, parts: readonly (readonly [label: string, text: string | null])[]): void;
  /** Something was done: a remark, or as JSON the outcome. */
  done(outcome: unknown, text: string): void;
}

export function openOutput(io: Io, json: boolean): Output {
  const coloured = io.outputIsTerminal && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
  const paint = pico.createColors(coloured);
  const print = (text: string) => io.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  const printJson = (value: unknown) => print(JSON.stringify(value, null, 2));
  const remark = (text: string) => io.stderr.write(`${text}\n`);
  const show: Output['show'] = (value, text) => (json ? printJson(value) : print(text()));
  return {
    json,
    paint,
    line: print,
    remark,
    show,
    secret: (secret, whole) => (json ? printJson(whole) : print(secret)),
    list(items, columns, whenEmpty) {
      if (json) printJson(items);
      else if (items.length === 0) remark(whenEmpty);
      else print(tableText(items, columns, rowColumns(io)));
    },
    record(value, parts) {
      const told = parts.filter((part): part is [string, string] => part[1] !== null);
      const width = Math.max(...told.map(([label]) => label.length));
      show(value, () =>
        told.map(([label, text]) => `${paint.dim(label.padEnd(width))}  ${printable(text)}`).join('\n'),
      );
    },
    done: (outcome, text) => (json ? printJson(outcome) : remark(text)),
  };
}
