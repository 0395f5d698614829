import { z } from 'zod';

/**
 * Reads what clients send, in the way and with the words of the validation they know: every fault is listed, each
 * with a `type`, the place (`loc`), a sentence, what was sent and, for bounds, the bound. One description serves
 * reading and the OpenAPI document.
 */

/** `body`, `query` or `path`, then field names and list indexes. */
export type Loc = readonly (string | number)[];

export interface InputFault {
  readonly type: string;
  readonly loc: Loc;
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

/** What reading gives for a value that was faulted. */
export const BAD: unique symbol = Symbol('bad');
type Bad = typeof BAD;

export interface Field<T> {
  readonly schema: z.ZodType;
  /** What stands for the value when it is left out; without it leaving out is a fault. */
  readonly otherwise?: () => T;
  read(value: unknown, loc: Loc, faults: InputFault[]): T | Bad;
}

// biome-ignore lint/suspicious/noExplicitAny: each field has a type of its own
export type Fields = Readonly<Record<string, Field<any>>>;
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

type Context = Readonly<Record<string, unknown>>;

export function faulted(
  faults: InputFault[],
  type: string,
  loc: Loc,
  msg: string,
  input: unknown,
  ctx?: Context,
): Bad {
  faults.push({
    type,
    loc,
    msg,
    input: input === undefined ? null : input,
    ...(ctx === undefined ? {} : { ctx }),
  });
  return BAD;
}

/** A rule beyond type and bounds was broken. */
export const valueFault = (faults: InputFault[], loc: Loc, msg: string, input: unknown): Bad =>
  faulted(faults, 'value_error', loc, `Value error, ${msg}`, input, { error: {} });

export const optional = <T, E>(field: Field<T>, otherwise: E): Field<T | E> => ({
  schema: field.schema.optional(),
  otherwise: () => otherwise,
  read: field.read,
});

/** Null is taken and means the same as leaving out. */
export const optionalOrNull = <T, E>(field: Field<T>, otherwise: E): Field<T | E> => ({
  schema: field.schema.nullable().optional(),
  otherwise: () => otherwise,
  read: (value, loc, faults) => (value === null ? otherwise : field.read(value, loc, faults)),
});

/** Null is a value of its own beside leaving out. */
export const nullableOrAbsent = <T>(field: Field<T>): Field<T | null | undefined> => ({
  schema: field.schema.nullable().optional(),
  otherwise: () => undefined,
  read: (value, loc, faults) => (value === null ? null : field.read(value, loc, faults)),
});

interface TextBounds {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
}

/** Lengths are counted in characters and checked before the pattern. */
export function text({ min = 0, max = Number.POSITIVE_INFINITY, pattern }: TextBounds = {}): Field<string> {
  let schema = z.string();
  if (min > 0) schema = schema.min(min);
  if (Number.isFinite(max)) schema = schema.max(max);
  if (pattern !== undefined) schema = schema.regex(pattern);
  return {
    schema,
    read(value, loc, faults) {
      if (typeof value !== 'string')
        return faulted(faults, 'string_type', loc, 'Input should be a valid string', value);
      const length = value.length < min || value.length > max ? [...value].length : value.length;
      if (length < min) {
        const msg = `String should have at least ${characters(min)}`;
        return faulted(faults, 'string_too_short', loc, msg, value, { min_length: min });
      }
      if (length > max) {
        const msg = `String should have at most ${characters(max)}`;
        return faulted(faults, 'string_too_long', loc, msg, value, { max_length: max });
      }
      if (pattern !== undefined && !pattern.test(value)) {
        const msg = `String should match pattern '${pattern.source}'`;
        return faulted(faults, 'string_pattern_mismatch', loc, msg, value, { pattern: pattern.source });
      }
      return value;
    },
  };
}

const characters = (count: number): string => (count === 1 ? '1 character' : `${count} characters`);

/** Digits in a string count as a number; everything in a query is a string. */
export function integer(least?: number): Field<number> {
  return {
    schema: least === undefined ? z.int() : z.int().min(least),
    read(value, loc, faults) {
      let number: unknown = value;
      if (typeof value === 'string') {
        number = /^\s*[+-]?\d{1,15}\s*$/.test(value) ? Number(value) : null;
        if (number === null) {
          const msg = 'Input should be a valid integer, unable to parse string as an integer';
          return faulted(faults, 'int_parsing', loc, msg, value);
        }
      }
      if (typeof number !== 'number')
        return faulted(faults, 'int_type', loc, 'Input should be a valid integer', value);
      if (!Number.isSafeInteger(number)) {
        const msg = 'Input should be a valid integer, got a number with a fractional part';
        return faulted(faults, 'int_from_float', loc, msg, value);
      }
      return least !== undefined && number < least ? tooSmall(faults, loc, least, value) : number;
    },
  };
}

export function amount(least: number): Field<number> {
  return {
    schema: z.number().min(least),
    read(value, loc, faults) {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) {
        return typeof value === 'string'
          ? faulted(
              faults,
              'float_parsing',
              loc,
              'Input should be a valid number, unable to parse string',
              value,
            )
          : faulted(faults, 'float_type', loc, 'Input should be a valid number', value);
      }
      return number < least ? tooSmall(faults, loc, least, value) : number;
    },
  };
}

function tooSmall(faults: InputFault[], loc: Loc, least: number, value: unknown): Bad {
  const msg = `Input should be greater than or equal to ${least}`;
  return faulted(faults, 'greater_than_equal', loc, msg, value, { ge: least });
}

const TRUE = new Set<unknown>([true, 1, 'true', '1', 'on', 'yes', 't', 'y']);
const FALSE = new Set<unknown>([false, 0, 'false', '0', 'off', 'no', 'f', 'n']);

export const flag: Field<boolean> = {
  schema: z.boolean(),
  read(value, loc, faults) {
    const plain = typeof value === 'string' ? value.toLowerCase() : value;
    if (TRUE.has(plain)) return true;
    if (FALSE.has(plain)) return false;
    const msg = 'Input should be a valid boolean, unable to interpret input';
    return faulted(faults, 'bool_parsing', loc, msg, value);
  },
};

export function choice<T extends string>(words: readonly [T, ...T[]]): Field<T> {
  const quoted = words.map((word) => `'${word}'`);
  const expected =
    quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  return {
    schema: z.enum(words),
    read(value, loc, faults) {
      const word = words.find((candidate) => candidate === value);
      return word ?? faulted(faults, 'enum', loc, `Input should be ${expected}`, value, { expected });
    },
  };
}

export function list<T>(item: Field<T>): Field<T[]> {
  return {
    schema: z.array(item.schema),
    read(value, loc, faults) {
      if (!Array.isArray(value))
        return faulted(faults, 'list_type', loc, 'Input should be a valid list', value);
      const items = value.map((entry: unknown, at) => item.read(entry, [...loc, at], faults));
      return items.includes(BAD) ? BAD : (items as T[]);
    },
  };
}

/** An object whose keys are names of the sender's choice. */
export function dictionary<T>(item: Field<T>): Field<Record<string, T>> {
  return {
    schema: z.record(z.string(), item.schema),
    read(value, loc, faults) {
      if (!isObject(value))
        return faulted(faults, 'dict_type', loc, 'Input should be a valid dictionary', value);
      const entries = Object.entries(value).map(
        ([name, entry]) => [name, item.read(entry, [...loc, name], faults)] as const,
      );
      return entries.some(([, entry]) => entry === BAD)
        ? BAD
        : (Object.fromEntries(entries) as Record<string, T>);
    },
  };
}

/** An object of known fields. Others are passed over, or refused where `strict`. */
export function object<F extends Fields>(fields: F, { strict = false } = {}): Field<Values<F>> {
  const shape = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema]));
  return {
    schema: strict ? z.strictObject(shape) : z.object(shape),
    read(value, loc, faults) {
      if (!isObject(value)) {
        const msg = 'Input should be a valid dictionary or object to extract fields from';
        return faulted(faults, 'model_attributes_type', loc, msg, value);
      }
      const values: [string, unknown][] = [];
      let sound = true;
      for (const [name, field] of Object.entries(fields)) {
        const at = [...loc, name];
        let read: unknown;
        if (Object.hasOwn(value, name)) read = field.read(value[name], at, faults);
        else if (field.otherwise !== undefined) read = field.otherwise();
        else read = faulted(faults, 'missing', at, 'Field required', value);
        if (read === BAD) sound = false;
        else values.push([name, read]);
      }
      for (const name of strict ? Object.keys(value) : []) {
        if (Object.hasOwn(fields, name)) continue;
        const msg = 'Extra inputs are not permitted';
        faulted(faults, 'extra_forbidden', [...loc, name], msg, value[name]);
        sound = false;
      }
      return sound ? (Object.fromEntries(values) as Values<F>) : BAD;
    },
  };
}

/** The same with one more rule, looked at only when every field is sound. */
export const checked = <T>(
  field: Field<T>,
  check: (value: T, loc: Loc, faults: InputFault[]) => void,
): Field<T> => ({
  ...field,
  read(value, loc, faults) {
    const read = field.read(value, loc, faults);
    if (read === BAD) return BAD;
    const before = faults.length;
    check(read, loc, faults);
    return faults.length > before ? BAD : read;
  },
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
