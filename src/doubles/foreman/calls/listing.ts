import { type Answer, badSearch, done } from '../answer.ts';
import { parseSearch, type Searchable, type SearchFields } from '../search.ts';
import { withChildren } from '../state.ts';
import { type CallContext, may } from './call.ts';

export interface ListPlan<T> {
  /** What the caller may see at all. */
  readonly rows: readonly T[];
  readonly fields: SearchFields;
  readonly valueOf: (row: T) => Searchable;
  readonly present: (row: T) => unknown;
  /** The permission behind `can_create`. */
  readonly createPermission: string;
}

const ENTRIES_PER_PAGE = 20;

/** Text that is no number counts as 0, and 0 rows a page are none. */
function perPage(query: URLSearchParams): number {
  const given = query.get('per_page');
  return given === null ? ENTRIES_PER_PAGE : Number.parseInt(given, 10) || 0;
}

function ordered<T>(plan: ListPlan<T>, rows: readonly T[], by: string, direction: string): T[] {
  const key = (row: T): string => plan.valueOf(row)(by) ?? '';
  const numeric = rows.every((row) => /^\d+$/.test(key(row)));
  const sorted = [...rows].sort((a, b) =>
    numeric ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b)),
  );
  return direction.toUpperCase() === 'DESC' ? sorted.reverse() : sorted;
}

/** The envelope of every list: total before the search, subtotal after it, and one page of results. */
export function listAnswer<T>(
  context: CallContext,
  plan: ListPlan<T>,
  collect: (page: readonly T[]) => unknown = (page) => page.map(plan.present),
): Answer {
  const { query } = context;
  const search = query.get('search');
  const filter = parseSearch(plan.fields, search ?? '');
  if (!filter.ok) return badSearch(filter.error);
  const order = query.get('order');
  const [by, direction] = (order ?? '').split(/\s+/);
  if (by && !plan.fields.known.includes(by)) return badSearch(`Field '${by}' not recognized for searching!`);
  const rows = context.foreman.faults.has('EMPTY_SCOPE') ? [] : plan.rows;
  const found = rows.filter((row) => filter.value(plan.valueOf(row)));
  const sorted = by ? ordered(plan, found, by, direction ?? 'ASC') : found;
  const page = Math.max(1, Number.parseInt(query.get('page') ?? '1', 10) || 1);
  const size = perPage(query);
  return done({
    ...(query.has('include_permissions') ? { can_create: may(context, plan.createPermission) } : {}),
    total: rows.length,
    subtotal: found.length,
    page,
    per_page: size,
    search,
    sort: { by: by || null, order: order === null ? null : (direction ?? 'ASC') },
    results: collect(sorted.slice((page - 1) * size, page * size)),
  });
}

/** Whether an object in these organisations and locations is in the caller's sight and in the asked context. */
export function inScope(
  context: CallContext,
  organizationIds: readonly number[],
  locationIds: readonly number[],
): boolean {
  const { foreman, user, organizationId, locationId } = context;
  const within = (ids: readonly number[], asked: number | undefined, places: typeof foreman.organizations) =>
    asked === undefined || ids.some((id) => withChildren(places, [asked]).has(id));
  if (!within(organizationIds, organizationId, foreman.organizations)) return false;
  if (!within(locationIds, locationId, foreman.locations)) return false;
  if (user.admin) return true;
  const organizations = withChildren(foreman.organizations, user.organizationIds);
  const locations = withChildren(foreman.locations, user.locationIds);
  return organizationIds.some((id) => organizations.has(id)) && locationIds.some((id) => locations.has(id));
}
