/** What is known of a person beyond the name; null where it is not known. */
export interface UserInfo {
  readonly name: string | null;
  readonly email: string | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly groups: readonly { readonly name: string; readonly id: number }[] | null;
}

export const NO_USER_INFO: UserInfo = { name: null, email: null, uid: null, gid: null, groups: null };
