import type { AuditList, AuditQuery, AuditRow, AuditVerification } from '../../wire/audit.ts';
import { eachItem } from '../pages.ts';
import type { Transport } from '../transport.ts';

/** The query as a program writes it: numbers are numbers. */
export type AuditFilter = Omit<AuditQuery, 'limit' | 'after_seq'> & {
  readonly limit?: number;
  readonly after_seq?: number;
};

export function auditCalls(transport: Transport) {
  const page = (query: AuditFilter = {}) => transport.call<AuditList>('GET', '/api/v1/audit', { query });
  return {
    /** Every row the query matches, page after page. */
    list: (query: AuditFilter = {}) =>
      eachItem<AuditRow>((cursor) => page({ ...query, cursor }), query.cursor),
    page,
    /** Walks the whole chain; `intact` is false when a row was edited, is missing or was cut off. */
    verify: () => transport.call<AuditVerification>('POST', '/api/v1/audit/verify'),
  };
}
