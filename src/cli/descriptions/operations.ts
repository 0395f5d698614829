import { type CommandDescription, type OptionDescription, YES } from '../description.ts';

const DATA_DIR: OptionDescription = { flags: '--data-dir <folder>', text: 'where data and keys are kept' };
const BACKUP = { form: '<file>', text: 'the copy' };

export const OPERATION_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'serve',
    summary: 'Start a server',
    options: [
      { flags: '--host <host>', text: 'address to listen on (default: 127.0.0.1)' },
      { flags: '--port <port>', text: 'port to listen on (default: 8001)' },
      { flags: '--data-dir <folder>', text: 'where data and keys are kept' },
      { flags: '--workers <number>', text: 'processes that share the work (default: 1)' },
    ],
    notes: ['Further settings come from the environment; flags go before it.'],
    load: () => import('../commands/serve.ts'),
  },
  {
    name: 'audit',
    summary: 'Read the audit trail',
    options: [
      { flags: '--actor <name>', text: 'who did it' },
      { flags: '--action <action>', text: 'what was done, such as token.create' },
      { flags: '--subject <name>', text: 'what it was done to' },
      { flags: '--token <id>', text: 'id of the token it was done with' },
      { flags: '--route <name>', text: 'guarded or brokered route' },
      { flags: '--since <moment>', text: 'from here: 2h, 2026-12-31, 2026-12-31T12:00:00Z' },
      { flags: '--until <moment>', text: 'up to here' },
      { flags: '-n, --limit <number>', text: 'at most so many rows (default: 50)' },
      { flags: '-f, --follow', text: 'go on with new rows as they come' },
      { flags: '--interval <seconds>', text: 'with --follow: time between looks (default: 1)' },
    ],
    load: () => import('../commands/audit.ts'),
    commands: [
      {
        name: 'verify',
        summary: 'Check that no row was edited, removed or cut off',
        load: () => import('../commands/audit-verify.ts'),
      },
    ],
  },
  {
    name: 'guard',
    summary: 'Put a service behind Tessera',
    commands: [
      {
        name: 'snippet',
        summary: 'Print configuration for a reverse proxy',
        arguments: [{ form: '<kind>', text: 'which one', choices: ['nginx', 'traefik', 'caddy'] }],
        options: [
          { flags: '--scope, --scopes <scope...>', text: 'scopes a caller needs', list: true },
          { flags: '--satisfy <how>', text: 'all of them (default), or any one', choices: ['all', 'any'] },
          { flags: '--service <name>', text: 'name of the service' },
          { flags: '--path <path>', text: 'what is guarded (default: /)' },
          { flags: '--upstream <url>', text: 'where the service is (default: http://127.0.0.1:9000)' },
        ],
        notes: ['Example:', '  tessera guard snippet nginx --scope write:sasquatch --service metrics'],
        load: () => import('../commands/guard-snippet.ts'),
      },
    ],
  },
  {
    name: 'keys',
    summary: 'Manage keys',
    commands: [
      {
        name: 'rotate',
        summary: 'Wrap every stored secret with the active master key, while the server goes on',
        load: () => import('../commands/keys-rotate.ts'),
      },
      {
        name: 'rotate-signing',
        summary: 'Bring a new signing key into use; nothing signed before is refused',
        load: () => import('../commands/keys-rotate-signing.ts'),
      },
    ],
  },
  {
    name: 'backup',
    summary: 'Copy the database, check a copy, bring one back',
    commands: [
      {
        name: 'create',
        summary: 'Write a consistent copy; the server may go on running',
        arguments: [{ form: '<file>', text: 'file to write; must not exist' }],
        options: [DATA_DIR],
        load: () => import('../commands/backup-create.ts'),
      },
      {
        name: 'verify',
        summary: 'Check that a copy is whole and opens with the keys at hand',
        arguments: [BACKUP],
        options: [DATA_DIR],
        load: () => import('../commands/backup-verify.ts'),
      },
      {
        name: 'restore',
        summary: 'Verify a copy and put it into an empty database',
        arguments: [BACKUP],
        options: [DATA_DIR, YES],
        load: () => import('../commands/backup-restore.ts'),
      },
    ],
    notes: ['The copy holds secrets sealed. Keep the master key file too, apart from it.'],
  },
  {
    name: 'bootstrap-token',
    summary: 'Make up a secret for TESSERA_BOOTSTRAP_TOKEN',
    load: () => import('../commands/bootstrap-token.ts'),
  },
  {
    name: 'double',
    summary: 'Start a stand-in for another system, to try things on',
    arguments: [{ form: '<system>', text: 'which one', choices: ['proxmox', 'foreman'] }],
    options: [
      { flags: '--port <port>', text: 'port to listen on; 0 for any free one' },
      { flags: '--release <release...>', text: 'releases to stand in for: 7,8,9', list: true },
      { flags: '--fault <code...>', text: 'fault to show', list: true },
      { flags: '--http', text: 'plain http' },
    ],
    load: () => import('../commands/double.ts'),
  },
  {
    name: 'demo',
    summary: 'Start a throw-away Tessera with sample data beside stand-ins for Proxmox and Foreman',
    options: [{ flags: '--port <port>', text: 'port to listen on (default: any free one)' }],
    load: () => import('../commands/demo.ts'),
  },
  {
    name: 'completion',
    summary: 'Print a completion script for your shell',
    arguments: [{ form: '<shell>', text: 'which one', choices: ['bash', 'zsh', 'fish'] }],
    notes: [
      'To use it:',
      '  bash   source <(tessera completion bash)',
      '  zsh    source <(tessera completion zsh)',
      '  fish   tessera completion fish | source',
    ],
    load: () => import('../commands/completion.ts'),
  },
  { name: 'version', summary: 'Print the version', load: () => import('../commands/version.ts') },
];
