import { z } from 'zod';
import { BAD, choice, type Field, faulted, integer, object, text, valueFault } from './reader.ts';

/** The values of this surface and their grammar. */

const USERNAME = /^[a-z0-9](?:[a-z0-9]|-[a-z0-9])*[a-z](?:[a-z0-9]|-[a-z0-9])*$/;
const ACTOR = /^(?:[a-z0-9](?:[a-z0-9]|-[a-z0-9])*[a-z](?:[a-z0-9]|-[a-z0-9])*|<[a-z]+>)$/;
const GROUP = /^([a-zA-Z]|[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z])[a-zA-Z0-9._-]*$/;
const CURSOR = /^p?[0-9]+_[0-9]+$/;

export const username = text({ min: 1, max: 64, pattern: USERNAME });
export const actor = text({ min: 1, max: 64, pattern: ACTOR });
export const tokenKey = text({ min: 22, max: 22 });
export const tokenName = text({ min: 1, max: 64 });
export const cursor = text({ pattern: CURSOR });
export const group = object({ name: text({ min: 1, pattern: GROUP }), id: integer() });

export const tokenType = choice(['session', 'user', 'notebook', 'internal', 'service', 'oidc']);

/** A list, or one text with commas between. Which scopes exist is not known here. */
export const scopes: Field<string[]> = {
  schema: z.union([z.array(z.string()), z.string()]),
  read(value, loc, faults) {
    if (typeof value === 'string') return value === '' ? [] : value.split(',').map((scope) => scope.trim());
    if (!Array.isArray(value)) return valueFault(faults, loc, 'scopes must be a list of strings', value);
    const read = value.map((scope: unknown, at) =>
      typeof scope === 'string'
        ? scope
        : faulted(faults, 'string_type', [...loc, at], 'Input should be a valid string', scope),
    );
    return read.includes(BAD) ? BAD : (read as string[]);
  },
};
