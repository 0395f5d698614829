export const TRUST_TARGETS = [
  'debian',
  'fedora',
  'macos',
  'windows',
  'curl',
  'terraform',
  'hammer',
  'proxmoxer',
  'node',
  'osmo',
] as const;
export type TrustTarget = (typeof TRUST_TARGETS)[number];

/** How each system and tool accepts the authority. The file holds no secret. */
export function trustText(ca: string, only?: TrustTarget): string {
  const quoted = `'${ca.replaceAll("'", "'\\''")}'`;
  const texts: Readonly<Record<TrustTarget, string>> = {
    debian: `Debian, Ubuntu (whole system)\n  sudo cp ${quoted} /usr/local/share/ca-certificates/tessera.crt\n  sudo update-ca-certificates`,
    fedora: `Fedora, RHEL, Rocky (whole system)\n  sudo cp ${quoted} /etc/pki/ca-trust/source/anchors/tessera.pem\n  sudo update-ca-trust`,
    macos: `macOS (whole system)\n  sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${quoted}`,
    windows: 'Windows (as administrator, with the file at hand)\n  certutil -addstore -f Root ca.pem',
    curl: `curl\n  curl --cacert ${quoted} ...        or: export CURL_CA_BUNDLE=${quoted}`,
    terraform: `Terraform and other Go programs on Linux (replaces the system's authorities for that run)\n  export SSL_CERT_FILE=${quoted}`,
    hammer: `hammer, in ~/.hammer/cli.modules.d/foreman.yml\n  :ssl:\n    :ssl_ca_file: ${quoted}`,
    proxmoxer: `proxmoxer\n  ProxmoxAPI(..., verify_ssl=${JSON.stringify(ca)})        or: export REQUESTS_CA_BUNDLE=${quoted}`,
    node: `Node.js (besides its own authorities)\n  export NODE_EXTRA_CA_CERTS=${quoted}`,
    osmo: `osmo and other Python programs\n  export SSL_CERT_FILE=${quoted} REQUESTS_CA_BUNDLE=${quoted}`,
  };
  const chosen = only === undefined ? TRUST_TARGETS : [only];
  return `${chosen.map((target) => texts[target]).join('\n\n')}\n`;
}
