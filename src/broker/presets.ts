import type { KindName } from '../kinds/kind.ts';
import type { Level } from './record.ts';

/** One line of a kind's table: these calls need this level, or are never made on behalf of anybody. */
export interface PresetLine {
  readonly methods: readonly string[];
  readonly path: string;
  readonly needs: Level | 'anyone' | 'never';
}

const READS = ['GET', 'HEAD'];
const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

const lines = (
  needs: PresetLine['needs'],
  methods: readonly string[],
  ...paths: readonly string[]
): PresetLine[] => paths.map((path) => ({ methods, path, needs }));

const any: readonly string[] = [];

/**
 * Proxmox VE below `/api2/<format>/`. Never: what hands out a real secret or a shell and so escapes the broker
 * (tickets, passwords, tokens, rights, consoles, commands in guests and on nodes). A rule of the route may say otherwise.
 */
const PROXMOX: readonly PresetLine[] = [
  ...lines(
    'never',
    any,
    '/api2/*/access/ticket/**',
    '/api2/*/access/vncticket/**',
    '/api2/*/access/openid/**',
  ),
  ...lines('never', WRITES, '/api2/*/access/**'),
  ...lines(
    'never',
    any,
    '/api2/*/nodes/*/execute/**',
    '/api2/*/nodes/*/termproxy/**',
    '/api2/*/nodes/*/vncshell/**',
    '/api2/*/nodes/*/spiceshell/**',
    '/api2/*/nodes/*/vncwebsocket/**',
    '/api2/*/nodes/*/*/*/termproxy/**',
    '/api2/*/nodes/*/*/*/vncproxy/**',
    '/api2/*/nodes/*/*/*/spiceproxy/**',
    '/api2/*/nodes/*/*/*/vncwebsocket/**',
    '/api2/*/nodes/*/*/*/monitor/**',
    '/api2/*/nodes/*/*/*/mtunnel/**',
    '/api2/*/nodes/*/*/*/mtunnelwebsocket/**',
  ),
  ...lines(
    'never',
    WRITES,
    '/api2/*/nodes/*/qemu/*/agent/**',
    '/api2/*/nodes/*/apt/**',
    '/api2/*/nodes/*/certificates/**',
  ),
  // Files of a guest, and the generated data of cloud-init with its password.
  ...lines(
    'configure',
    READS,
    '/api2/*/nodes/*/qemu/*/agent/file-read',
    '/api2/*/nodes/*/qemu/*/cloudinit/dump',
  ),
  ...lines('read', READS, '/api2/**'),
  ...lines('power', ['POST'], '/api2/*/nodes/*/qemu/*/status/*', '/api2/*/nodes/*/lxc/*/status/*'),
  ...lines(
    'configure',
    WRITES,
    '/api2/*/nodes/*/qemu/**',
    '/api2/*/nodes/*/lxc/**',
    '/api2/*/nodes/*/storage/*/content/**',
    '/api2/*/nodes/*/storage/*/upload',
    '/api2/*/nodes/*/vzdump',
    '/api2/*/nodes/*/tasks/*',
    '/api2/*/pools/**',
    '/api2/*/cluster/ha/**',
  ),
  ...lines('all', WRITES, '/api2/**'),
];

/** Foreman 1.24 and later, without the optional version segment. hammer asks for `/apidoc` without a credential. */
const FOREMAN: readonly PresetLine[] = [
  ...lines('anyone', READS, '/apidoc/v2.json', '/apidoc/v2.*.json', '/apidoc/apipie_checksum'),
  ...lines(
    'never',
    any,
    '/api/graphql/**',
    '/api/users/*/personal_access_tokens/**',
    '/api/personal_access_tokens/**',
    '/api/hosts/*/enc/**',
    '/api/hosts/*/template/**',
    '/api/settings/**',
  ),
  ...lines(
    'never',
    WRITES,
    '/api/users/**',
    '/api/usergroups/**',
    '/api/roles/**',
    '/api/filters/**',
    '/api/auth_source_ldaps/**',
    '/api/auth_source_externals/**',
    '/api/auth_sources/**',
  ),
  ...lines('read', READS, '/api/**', '/api'),
  ...lines('power', ['PUT'], '/api/hosts/*/power', '/api/hosts/*/boot'),
  ...lines('configure', WRITES, '/api/hosts/**', '/api/hostgroups/**'),
  ...lines('all', WRITES, '/api/**'),
];

/** A token service: reading is harmless, tokens are not handed on. */
const GAFAELFAWR: readonly PresetLine[] = [
  ...lines('never', WRITES, '/auth/api/v1/tokens/**', '/auth/api/v1/users/*/tokens/**'),
  ...lines('never', any, '/login/**', '/logout/**', '/auth/tokens/**'),
  ...lines('read', READS, '/**'),
  ...lines('all', any, '/**'),
];

const OSMO: readonly PresetLine[] = [
  ...lines('never', WRITES, '/api/auth/**'),
  ...lines('never', any, '/api/auth/jwt/**'),
  ...lines('read', READS, '/**'),
  ...lines('all', any, '/**'),
];

const HTTP: readonly PresetLine[] = [...lines('read', READS, '/**'), ...lines('all', any, '/**')];

/** What a kind's calls need; the first line that fits decides, and what fits no line is refused. */
export const PRESETS: Readonly<Record<KindName, readonly PresetLine[]>> = {
  proxmox: PROXMOX,
  foreman: FOREMAN,
  gafaelfawr: GAFAELFAWR,
  osmo: OSMO,
  http: HTTP,
};

/** The levels a kind's table makes use of. */
export const levelsOf = (kind: KindName): readonly Level[] =>
  kind === 'proxmox' || kind === 'foreman' ? ['read', 'power', 'configure', 'all'] : ['read', 'all'];
