import type { Route } from '../../wire/routes.ts';

export type SnippetTool = 'terraform' | 'hammer' | 'proxmoxer' | 'curl' | 'osmo';

export interface RouteSnippetOptions {
  readonly route: Pick<Route, 'name' | 'kind' | 'path' | 'host' | 'port'>;
  /** Address of this Tessera. */
  readonly server: string;
  /** File with the authority that signed its certificate. */
  readonly caFile?: string;
}

/**
 * The configuration that lets an unmodified tool use a route. The token is read from TESSERA_TOKEN wherever the
 * tool can be told so; nothing else of the tool's own set-up changes.
 */
export function routeSnippet(tool: SnippetTool, options: RouteSnippetOptions): string {
  switch (tool) {
    case 'curl':
      return curl(options);
    case 'terraform':
      return terraform(options);
    case 'proxmoxer':
      return proxmoxer(options);
    case 'hammer':
      return hammer(options);
    case 'osmo':
      return osmo(options);
  }
}

/** The address of a route: a host or port of its own where it has one, else below the path. */
function address({ route, server }: RouteSnippetOptions): URL {
  const url = new URL(server);
  if (route.port !== null) url.port = String(route.port);
  if (route.host !== null && route.port === null) url.hostname = route.host;
  url.pathname = route.port === null && route.host === null ? (route.path ?? '/') : '/';
  return url;
}

const textOf = (url: URL): string => url.toString().replace(/\/$/, '');

const SAMPLE_PATHS: Readonly<Record<Route['kind'], string>> = {
  proxmox: '/api2/json/version',
  foreman: '/api/status',
  osmo: '/api/version',
  gafaelfawr: '/auth/api/v1/user-info',
  http: '/',
};

function curl(options: RouteSnippetOptions): string {
  const { route, caFile } = options;
  const header =
    route.kind === 'proxmox' ? 'PVEAPIToken=any@pve!any=$TESSERA_TOKEN' : 'Bearer $TESSERA_TOKEN';
  const credential =
    route.kind === 'foreman' ? '--user "any:$TESSERA_TOKEN"' : `--header "Authorization: ${header}"`;
  const ca = caFile === undefined ? '' : ` --cacert ${caFile}`;
  return `curl --fail --silent --show-error${ca} ${credential} "${textOf(address(options))}${SAMPLE_PATHS[route.kind]}"\n`;
}

/** bpg drops the path of its endpoint and insists on https, so the route needs a host or port of its own. */
function terraform(options: RouteSnippetOptions): string {
  const { route, caFile } = options;
  const url = address(options);
  url.protocol = 'https:';
  url.pathname = '/';
  const note =
    route.port === null && route.host === null
      ? `# The provider drops the path of its endpoint: give the route a port of its own.\n#   tessera route update ${route.name} --port 8006\n`
      : '';
  const trust =
    caFile === undefined ? '' : `# The provider trusts what the system trusts: SSL_CERT_FILE=${caFile}\n`;
  return `${note}${trust}variable "tessera_token" {
  type      = string
  sensitive = true
}

provider "proxmox" {
  endpoint  = "${url}"
  api_token = "any@pve!any=\${var.tessera_token}"
}

# Hand the token over: export TF_VAR_tessera_token="$TESSERA_TOKEN"
`;
}

function proxmoxer(options: RouteSnippetOptions): string {
  const url = address(options);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const prefix = url.pathname === '/' ? '' : `\n    path_prefix="${url.pathname.replace(/\/$/, '')}",`;
  const verify = options.caFile === undefined ? 'True' : JSON.stringify(options.caFile);
  return `import os

from proxmoxer import ProxmoxAPI

proxmox = ProxmoxAPI(
    "${url.hostname}",
    port=${port},${prefix}
    user="any@pve",
    token_name="any",
    token_value=os.environ["TESSERA_TOKEN"],
    verify_ssl=${verify},
    timeout=40,
)
print(proxmox.version.get())
`;
}

function hammer(options: RouteSnippetOptions): string {
  const ssl = options.caFile === undefined ? '' : `:ssl:\n  :ssl_ca_file: '${options.caFile}'\n`;
  return `# ~/.hammer/cli.modules.d/foreman.yml
:foreman:
  :enable_module: true
  :host: '${textOf(address(options))}'
  :username: 'any'
${ssl}
# The token: export FOREMAN_PASSWORD="$TESSERA_TOKEN" FOREMAN_USERNAME=any
`;
}

const osmo = (options: RouteSnippetOptions): string =>
  `printf '%s' "$TESSERA_TOKEN" > token.txt && osmo login "${textOf(address(options))}" --method token --token-file token.txt; rm -f token.txt\n`;
