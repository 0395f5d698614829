/** A status and a JSON body; `text` stands in for bodies that are no JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly contentType?: string;
  readonly location?: string;
}

export const done = (body: unknown, status = 200): Answer => ({ status, body });

const failed = (status: number, error: unknown): Answer => ({ status, body: { error } });

/** Every cause of a refused login reads the same; without a login the text ends in a blank. */
export const unauthenticated = (login: string): Answer =>
  failed(401, { message: `Unable to authenticate user ${login}` });

export const lockedOut = (): Answer =>
  failed(401, { message: 'Too many tries, please try again in a few minutes.' });

export const sessionExpired = (): Answer => ({ status: 401, text: '', contentType: 'text/plain' });

export const accessDenied = (missing: readonly string[]): Answer =>
  failed(403, {
    message: 'Access denied',
    details: `Missing one of the required permissions: ${missing.join(', ')}`,
    missing_permissions: missing,
  });

export const notFound = (resource: string, id: string): Answer =>
  failed(404, { message: `Resource ${resource} not found by id '${id}'` });

/** Without the usual wrapper. */
export const placeNotFound = (kind: 'Organization' | 'Location', id: string): Answer => ({
  status: 404,
  body: { message: `${kind} with id ${id} not found` },
});

export const noRoute = (): Answer => ({ status: 404, body: { status: 404, error: 'Not Found' } });

export const invalid = (errors: Readonly<Record<string, readonly string[]>>): Answer =>
  failed(422, {
    id: null,
    errors,
    full_messages: Object.entries(errors).flatMap(([field, texts]) =>
      texts.map((text) => (field === 'base' ? text : `${field[0]?.toUpperCase()}${field.slice(1)} ${text}`)),
    ),
  });

export const unprocessable = (message: string): Answer => failed(422, { message });

export const badSearch = (message: string): Answer =>
  failed(400, { message, class: 'ScopedSearch::QueryNotSupported' });

/** `error` is text here, and the answer comes before any authentication. */
export const badJson = (detail: string): Answer => ({
  status: 400,
  body: { status: 400, error: `There was a problem in the JSON you submitted: ${detail}` },
});

export const unsupportedType = (type: string): Answer =>
  failed(415, {
    message: `'Content-Type: ${type}' is unsupported in API v2 for POST and PUT requests. Please use 'Content-Type: application/json'.`,
  });

export const broke = (message: string): Answer => failed(500, { message });
