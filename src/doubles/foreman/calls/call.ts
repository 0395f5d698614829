import type { Answer } from '../answer.ts';
import type { Foreman, User } from '../state.ts';

export interface CallContext {
  readonly foreman: Foreman;
  readonly user: User;
  /** Of the user's roles; an administrator needs none. */
  readonly permissions: ReadonlySet<string>;
  /** Named parts of the path. */
  readonly inPath: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  /** Narrowed to by `organization_id` and `location_id`, if they were given. */
  readonly organizationId: number | undefined;
  readonly locationId: number | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /api or /api/v2: `/hosts/:id`. */
  readonly path: string;
  /** For the API description. */
  readonly resource: string;
  readonly action: string;
  /** Open to everybody, without any login. */
  readonly open?: true;
  /** The permissions of which one lets the caller in; absent: every login. */
  needs?(context: CallContext): readonly string[] | undefined;
  answer(context: CallContext): Answer;
}

/** Holds the permission, or is an administrator; under a fault even they lack the inventory ones. */
export function may({ foreman, user, permissions }: CallContext, permission: string): boolean {
  if (foreman.faults.has('PERMISSION_MISSING') && /^view_(hosts|compute_resources|facts)$/.test(permission))
    return false;
  return user.admin || permissions.has(permission);
}
