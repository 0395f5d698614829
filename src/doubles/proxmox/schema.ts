import { ok, type Result } from '../../base/result.ts';
import { badParameters, type Refusal } from './refusal.ts';

/** What a caller sent for one name. JSON bodies bring more than text. */
export type RawValue = string | number | boolean | null | readonly unknown[] | object;
export type RawParameters = ReadonlyMap<string, RawValue>;

/** Checked values. Numbers stay text unless JSON brought them: Proxmox's own answers show the difference. */
export type Parameters = ReadonlyMap<string, string | number>;

export interface Field {
  readonly kind: 'string' | 'integer' | 'number' | 'boolean';
  readonly optional?: true;
  /** Gives what is wrong with the value. */
  readonly format?: (value: string) => string | undefined;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly choices?: readonly string[];
}

export interface Shape {
  readonly fields: Readonly<Record<string, Field>>;
  /** Families such as net0, net1, ... */
  readonly numbered?: readonly { readonly name: RegExp; readonly field: Field }[];
}

export const NO_PARAMETERS: Shape = { fields: {} };

export const required = (kind: Field['kind'], more: Omit<Field, 'kind' | 'optional'> = {}): Field => ({
  kind,
  ...more,
});
export const optional = (kind: Field['kind'], more: Omit<Field, 'kind' | 'optional'> = {}): Field => ({
  kind,
  optional: true,
  ...more,
});

const TRUE = /^(1|on|yes|true)$/i;
const FALSE = /^(0|off|no|false)$/i;

function typeFault(kind: Field['kind'], value: RawValue): string | undefined {
  const wrong = (shown: string): string => `type check ('${kind}') failed - got ${shown}`;
  if (value === null || (typeof value === 'object' && !Array.isArray(value))) return wrong('HASH');
  if (Array.isArray(value)) return wrong('ARRAY');
  const text = String(value);
  if (kind === 'integer' && !/^[+-]?\d+$/.test(text)) return wrong(`'${text}'`);
  if (kind === 'number' && !/^[+-]?\d+(\.\d+)?$/.test(text)) return wrong(`'${text}'`);
  if (kind === 'boolean' && !TRUE.test(text) && !FALSE.test(text)) return wrong(`'${text}'`);
  return undefined;
}

function valueFault(field: Field, text: string): string | undefined {
  const format = field.format?.(text);
  if (format !== undefined) return `invalid format - ${format}`;
  if (field.kind === 'integer' || field.kind === 'number') {
    const number = Number(text);
    if (field.minimum !== undefined && number < field.minimum)
      return `value must have a minimum value of ${field.minimum}`;
    if (field.maximum !== undefined && number > field.maximum)
      return `value must have a maximum value of ${field.maximum}`;
  }
  if (field.maxLength !== undefined && text.length > field.maxLength)
    return `value may only be ${field.maxLength} characters long`;
  if (field.minLength !== undefined && text.length < field.minLength)
    return `value must be at least ${field.minLength} characters long`;
  if (field.pattern !== undefined && !field.pattern.test(text))
    return 'value does not match the regex pattern';
  if (field.choices !== undefined && !field.choices.includes(text))
    return `value '${text}' does not have a value in the enumeration '${field.choices.join(', ')}'`;
  return undefined;
}

function normal(field: Field, value: RawValue): string | number {
  if (typeof value === 'number') return value;
  if (field.kind === 'boolean') return TRUE.test(String(value)) ? '1' : '0';
  return String(value);
}

/** Checks what was sent against the declared shape; all faults are reported at once, as 400. */
export function checkParameters(shape: Shape, raw: RawParameters): Result<Parameters, Refusal> {
  const errors: Record<string, string> = {};
  const checked = new Map<string, string | number>();
  const fieldOf = (name: string): Field | undefined =>
    shape.fields[name] ?? shape.numbered?.find((family) => family.name.test(name))?.field;
  for (const [name, value] of raw) {
    const field = fieldOf(name);
    const fault =
      field === undefined
        ? 'property is not defined in schema and the schema does not allow additional properties'
        : (typeFault(field.kind, value) ?? valueFault(field, String(value)));
    if (fault !== undefined) errors[name] = fault;
    else if (field !== undefined) checked.set(name, normal(field, value));
  }
  for (const [name, field] of Object.entries(shape.fields))
    if (!field.optional && !raw.has(name)) errors[name] = 'property is missing and it is not optional';
  return Object.keys(errors).length > 0 ? badParameters(errors) : ok(checked);
}

export const textOf = (parameters: Parameters, name: string): string | undefined => {
  const value = parameters.get(name);
  return value === undefined ? undefined : String(value);
};
export const numberOf = (parameters: Parameters, name: string): number | undefined => {
  const value = parameters.get(name);
  return value === undefined ? undefined : Number(value);
};
export const flagOf = (parameters: Parameters, name: string): boolean => textOf(parameters, name) === '1';
export const listOf = (parameters: Parameters, name: string): string[] =>
  (textOf(parameters, name) ?? '').split(/[,;\s]+/).filter(Boolean);
