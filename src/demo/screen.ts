export interface Shown {
  readonly url: string;
  readonly adminPassword: string;
  readonly alicePassword: string;
  readonly labTokenFile: string;
}

interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** What a newcomer reads: one screen of 80 columns, what to open and what to try. */
export function screen({ url, adminPassword, alicePassword, labTokenFile }: Shown, paint: Paint): string {
  const place = (name: string, text: string): string => `    ${paint.bold(name.padEnd(12))} ${text}`;
  return [
    `${paint.bold('The demo is running.')} Nothing in it is real. Ctrl-C ends and removes it.`,
    '',
    `  Open       ${paint.bold(url)}`,
    `  Sign in    admin   ${adminPassword}`,
    `  or         alice   ${alicePassword}   ${paint.dim('may do less')}`,
    '',
    '  Look at',
    place('Tokens', 'one ends in two days, one is revoked; make your own'),
    place('Connections', 'pve-annex fails: what its token lacks, and what mends it'),
    place('Machines', 'web-1 runs; under Jobs stands why build-7 could not be made'),
    place('Routes', 'lab is a Proxmox that is used without its token being known'),
    place('Audit', 'who did what, and which calls were refused'),
    '',
    '  In another terminal',
    `    npx tessera login ${url}`,
    '    npx tessera doctor',
    "    npx tessera token list --user '*'",
    `    curl -H "Authorization: Bearer $(cat ${labTokenFile})" \\`,
    `      ${url}/connect/lab/api2/json/nodes`,
  ].join('\n');
}
