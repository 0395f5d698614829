// The door to other programs: `import { Tessera } from 'tessera/client'`.

export type * from '../wire/audit.ts';
export type * from '../wire/common.ts';
export type * from '../wire/connections.ts';
export type * from '../wire/master-keys.ts';
export type * from '../wire/people.ts';
export type * from '../wire/routes.ts';
export type * from '../wire/sessions.ts';
export type * from '../wire/tokens.ts';
export type { AuditFilter } from './calls/audit.ts';
export type { EventFilter, HostFilter, RightsFilter } from './calls/connections.ts';
export type { ExchangeRequest, Introspection } from './calls/oauth.ts';
export type { TokenFilter } from './calls/tokens.ts';
export { TesseraError, type TesseraErrorCode } from './error.ts';
export { type GuardKind, guardSnippet } from './snippets/guard-snippet.ts';
export type { GuardSnippetOptions } from './snippets/options.ts';
export { Tessera, type TesseraOptions } from './tessera.ts';
