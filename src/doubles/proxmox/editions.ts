/** `7`, `8` and `9` are the last release of each series; the two others still name the cause of a 401. */
export type Release = '7' | '8' | '9' | '8.2' | '9.1';

/** What differs between releases, each as a named capability. */
export interface Edition {
  readonly release: string;
  readonly version: string;
  readonly major: 7 | 8 | 9;
  /** The reason phrase of a 401 says what was wrong, instead of one text for all causes. */
  readonly namesAuthCause: boolean;
  /** JSON errors carry `message`, and plain-text errors a body. */
  readonly messageInErrors: boolean;
  readonly bodyLimitBytes: number;
  readonly brokenJsonStatus: 500 | 501;
  readonly noFileStatus: 500 | 501;
  readonly deflate: boolean;
  /** A name sent twice is an array; otherwise joined by NUL and accepted. */
  readonly repeatedNameIsArray: boolean;
  readonly sdnOnBridges: boolean;
  /** VM.GuestAgent.* instead of VM.Monitor. */
  readonly guestAgentPrivileges: boolean;
  readonly mappingPrivileges: boolean;
  readonly adminRoleMayGrant: boolean;
  readonly reservedRolePrefix: boolean;
  readonly grantsOnlyOwnPrivileges: boolean;
  readonly regenerate: boolean;
  readonly deletesTokenComment: boolean;
  readonly resizeIsTask: boolean;
  readonly cloudinitSetsAddress: boolean;
  readonly challengeIsDefault: boolean;
  readonly minimumPasswordLength: 5 | 8;
  readonly passwordConfirmation: boolean;
  readonly tokenReadsOwnPermissionsOnly: boolean;
}

const SEVEN: Edition = {
  release: '7.4',
  version: '7.4-20',
  major: 7,
  namesAuthCause: true,
  messageInErrors: false,
  bodyLimitBytes: 64 * 1024,
  brokenJsonStatus: 501,
  noFileStatus: 501,
  deflate: false,
  repeatedNameIsArray: false,
  sdnOnBridges: false,
  guestAgentPrivileges: false,
  mappingPrivileges: false,
  adminRoleMayGrant: true,
  reservedRolePrefix: false,
  grantsOnlyOwnPrivileges: false,
  regenerate: false,
  deletesTokenComment: false,
  resizeIsTask: false,
  cloudinitSetsAddress: false,
  challengeIsDefault: false,
  minimumPasswordLength: 5,
  passwordConfirmation: false,
  tokenReadsOwnPermissionsOnly: true,
};

const EIGHT_TWO: Edition = {
  ...SEVEN,
  release: '8.2',
  version: '8.2.10',
  major: 8,
  deflate: true,
  repeatedNameIsArray: true,
  sdnOnBridges: true,
  mappingPrivileges: true,
  adminRoleMayGrant: false,
  reservedRolePrefix: true,
  grantsOnlyOwnPrivileges: true,
  resizeIsTask: true,
  cloudinitSetsAddress: true,
  challengeIsDefault: true,
  passwordConfirmation: true,
  tokenReadsOwnPermissionsOnly: false,
};

const EIGHT: Edition = {
  ...EIGHT_TWO,
  release: '8.4',
  version: '8.4.21',
  namesAuthCause: false,
  messageInErrors: true,
  bodyLimitBytes: 512 * 1024,
  brokenJsonStatus: 500,
  noFileStatus: 500,
  minimumPasswordLength: 8,
};

const NINE: Edition = {
  ...EIGHT,
  release: '9.2',
  version: '9.2.11',
  major: 9,
  guestAgentPrivileges: true,
  regenerate: true,
  deletesTokenComment: true,
};

const EDITIONS: Readonly<Record<Release, Edition>> = {
  '7': SEVEN,
  '8.2': EIGHT_TWO,
  '8': EIGHT,
  '9.1': { ...NINE, release: '9.1', version: '9.1.2', namesAuthCause: true, regenerate: false },
  '9': NINE,
};

export const RELEASES = Object.keys(EDITIONS) as readonly Release[];

export const editionOf = (release: Release): Edition => EDITIONS[release];
