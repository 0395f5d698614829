import { err, ok, type Result } from '../../base/result.ts';
import type { Finding } from '../finding.ts';
import { asNumber, asRecord, asRecords, type Json, type JsonRecord } from '../json.ts';
import type { Subject } from '../kind.ts';
import { foremanApi, path, type Query } from './api.ts';
import { find } from './find.ts';

export interface ListOptions {
  /** Foreman's own search language. */
  readonly search?: string;
  readonly organizationId?: number;
  readonly locationId?: number;
  /** Rows asked for at once; default 100. */
  readonly perPage?: number;
}

export interface Page {
  readonly rows: readonly JsonRecord[];
  /** Rows the caller may see. */
  readonly total: number;
  /** Rows that match the search. */
  readonly subtotal: number;
  /** Rows handed over so far, these included. */
  readonly seen: number;
}

const PER_PAGE = 100;
/** A host is two to ten kilobytes; a page of more than this is no page. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/**
 * Walks a list page by page, holding one page in memory. Ends with a page that is not full; the count Foreman
 * states is shown but not believed, since it has lost hosts for others. After a failure nothing follows.
 */
async function* walk(
  subject: Subject,
  below: string,
  options: ListOptions,
): AsyncGenerator<Result<Page, Finding>> {
  const api = foremanApi(subject);
  const perPage = options.perPage ?? PER_PAGE;
  let seen = 0;
  let before = '';
  for (let page = 1; ; page += 1) {
    const query: Query = {
      page,
      per_page: perPage,
      search: options.search,
      organization_id: options.organizationId,
      location_id: options.locationId,
    };
    const answer = await api.get(below, query, MAX_PAGE_BYTES);
    if (!answer.ok) {
      yield err(answer.error.finding);
      return;
    }
    const body = asRecord(answer.value);
    const rows = asRecords(body.results);
    const first = JSON.stringify(rows[0]?.id ?? null);
    // A server that ignores the page number would send its first page for ever.
    if (rows.length > 0 && first === before) {
      yield err(
        find('FOREMAN_ODD', 'P10', `page ${page} repeats page ${page - 1}`, {
          status: 200,
          said: 'pages repeat',
        }),
      );
      return;
    }
    before = first;
    seen += rows.length;
    if (rows.length > 0 || page === 1)
      yield ok({
        rows: rows.map(withoutSecrets),
        total: asNumber(body.total) ?? seen,
        subtotal: asNumber(body.subtotal) ?? seen,
        seen,
      });
    // The server may hand out fewer rows at once than were asked for.
    if (rows.length < Math.min(perPage, asNumber(body.per_page) || perPage) || rows.length === 0) return;
  }
}

export const listHosts = (subject: Subject, options: ListOptions = {}) =>
  walk(subject, '/api/hosts', options);

/** Foreman calls its hypervisors compute resources. */
export const listHypervisors = (subject: Subject, options: ListOptions = {}) =>
  walk(subject, '/api/compute_resources', options);

export type HostPart = 'facts' | 'parameters' | 'puppetclasses';

/** One host by id or name, with parameters and interfaces. */
export async function showHost(subject: Subject, host: string): Promise<Result<JsonRecord, Finding>> {
  const answer = await foremanApi(subject).get(path`/api/hosts/${host}`);
  return answer.ok ? ok(withoutSecrets(asRecord(answer.value))) : err(answer.error.finding);
}

/** Facts by name, or rows of parameters, or Puppet classes by module. */
export async function showHostPart(
  subject: Subject,
  host: string,
  part: HostPart,
): Promise<Result<Json, Finding>> {
  const below = `${path`/api/hosts/${host}`}/${part}`;
  const answer = await foremanApi(subject).get(below, { per_page: 10_000 }, MAX_PAGE_BYTES);
  if (!answer.ok) return err(answer.error.finding);
  const { results } = asRecord(answer.value);
  return ok(part === 'facts' ? (Object.values(asRecord(results))[0] ?? {}) : (results ?? []));
}

/** A host in build carries its provisioning token, a secret that readers receive too. */
function withoutSecrets(row: JsonRecord): JsonRecord {
  const { token: _, ...rest } = row;
  return rest;
}
