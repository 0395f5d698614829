import type { FastifyInstance } from 'fastify';
import { fault } from '../base/fault.ts';
import { Refusal } from './framework-fault.ts';

/**
 * Lets the routes of this scope take forms. No other route may: an HTML form is the one kind of body that a foreign
 * page can have a browser send here without being asked whether it may. RFC 6749 section 3.2: no parameter twice.
 */
export function acceptForms(scope: FastifyInstance): void {
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, text, done) => {
      const form: Record<string, string> = {};
      for (const [name, value] of new URLSearchParams(String(text))) {
        if (Object.hasOwn(form, name)) {
          return done(
            new Refusal(fault('invalid_request', `The parameter '${name}' is repeated.`)),
            undefined,
          );
        }
        form[name] = value;
      }
      done(null, form);
    },
  );
}
