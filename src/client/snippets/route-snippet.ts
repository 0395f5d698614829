import type { Route } from '../../wire/routes.ts';
import { routeAddress } from './route-address.ts';

export type SnippetTool = 'terraform' | 'hammer' | 'proxmoxer' | 'curl' | 'osmo';

/** The tools that speak to each kind of system. */
export const SNIPPET_TOOLS: Readonly<Record<Route['kind'], readonly SnippetTool[]>> = {
  proxmox: ['curl', 'terraform', 'proxmoxer'],
  foreman: ['curl', 'hammer'],
  osmo: ['curl', 'osmo'],
  gafaelfawr: ['curl'],
  http: ['curl'],
};

export interface RouteSnippetOptions {
  readonly route: Pick<Route, 'name' | 'kind' | 'path' | 'host' | 'port' | 'port_tls'>;
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

const address = ({ route, server }: RouteSnippetOptions): URL => routeAddress(route, server);

const quoted = (file: string): string => `'${file.replaceAll("'", "'\\''")}'`;
const textOf = (url: URL): string => url.toString().replace(/\/$/, '');

const SAMPLE_PATHS: Readonly<Record<Route['kind'], string>> = {
  proxmox: '/api2/json/version',
  foreman: '/api/status',
  osmo: '/api/version',
  gafaelfawr: '/auth/api/v1/user-info',
  http: '/',
};

/**
 * curl reads the credential from its standard input: an argument would show in the list of processes, and in double
 * quotes an interactive shell takes the `!` of PVEAPIToken for a command of its history.
 */
function curl(options: RouteSnippetOptions): string {
  const { route, caFile } = options;
  const header = route.kind === 'proxmox' ? 'PVEAPIToken=any@pve!any=%s' : 'Bearer %s';
  const credential = route.kind === 'foreman' ? 'user = "any:%s"' : `header = "Authorization: ${header}"`;
  const ca = caFile === undefined ? '' : `--cacert ${quoted(caFile)} `;
  const url = `${textOf(address(options))}${SAMPLE_PATHS[route.kind]}`;
  return `printf '${credential}' "$TESSERA_TOKEN" |\n  curl --config - --fail --silent --show-error ${ca}"${url}"\n`;
}

/** A tool that speaks https only cannot be shown an http address without a word. */
function httpsOnly(url: URL, { name, port_tls }: RouteSnippetOptions['route']): string {
  if (url.protocol === 'https:') return '';
  return port_tls
    ? `# This tool speaks https only: take the https address of Tessera, or give the\n# route a port of its own: tessera route update ${name} --port 8006\n`
    : '# This tool speaks https only: run "tessera tls init" on the server and start it\n# anew.\n';
}

/** bpg drops the path of its endpoint and insists on https, so the route needs a host or port of its own. */
function terraform(options: RouteSnippetOptions): string {
  const { route, caFile } = options;
  const url = address(options);
  const own = route.port !== null || route.host !== null;
  // The advice to take a port brings https with it, where ports speak it.
  const plain = own || !route.port_tls ? httpsOnly(url, route) : '';
  url.protocol = 'https:';
  url.pathname = '/';
  const note = own
    ? ''
    : `# The provider drops the path of its endpoint: give the route a port of its own.\n#   tessera route update ${route.name} --port 8006\n`;
  const trust =
    caFile === undefined ? '' : `# The provider trusts what the system trusts: SSL_CERT_FILE=${caFile}\n`;
  return `${note}${plain}${trust}terraform {
  required_providers {
    proxmox = {
      source = "bpg/proxmox"
    }
  }
}

variable "tessera_token" {
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

/** It puts a slash of its own before the prefix, and knows prefixes since release 2.0. */
function proxmoxer(options: RouteSnippetOptions): string {
  const url = address(options);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const path = url.pathname.replace(/^\/|\/$/g, '');
  const prefix = path === '' ? '' : `\n    path_prefix="${path}",  # proxmoxer 2.0 or later`;
  const verify = options.caFile === undefined ? 'True' : JSON.stringify(options.caFile);
  return `${httpsOnly(url, options.route)}import os

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

/** The client keeps the token itself and renews its login with it; the file is only how it is handed over. */
const osmo = (options: RouteSnippetOptions): string =>
  `${options.caFile === undefined ? '' : `export REQUESTS_CA_BUNDLE=${quoted(options.caFile)}\n`}file="$(mktemp)" && printf '%s' "$TESSERA_TOKEN" > "$file" && osmo login "${textOf(address(options))}" --method=token --token-file="$file"; rm -f "$file"\n`;
