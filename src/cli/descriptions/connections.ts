import { type CommandDescription, type OptionDescription, YES } from '../description.ts';

const CONNECTION = { form: '<connection>', text: 'name or id of the connection' };
const KINDS = ['proxmox', 'foreman', 'osmo', 'gafaelfawr', 'http'];
const KIND: OptionDescription = { flags: '--kind <kind>', text: 'only of this kind', choices: KINDS };
const CREDENTIAL: readonly OptionDescription[] = [
  {
    flags: '--method <method>',
    text: 'how the credential rides',
    choices: ['token', 'password', 'bearer', 'basic', 'header'],
  },
  { flags: '--user <user>', text: 'login, or user@realm' },
  { flags: '--token-name <name>', text: 'name of the token (Proxmox VE)' },
  { flags: '--header <name>', text: 'header that carries the secret (http)' },
  { flags: '--secret-file <file>', text: 'secret from a file instead of a question' },
  { flags: '--secret-stdin', text: 'secret from standard input' },
];
const TRUST: readonly OptionDescription[] = [
  { flags: '--ca <file>', text: 'trust this authority (PEM)' },
  { flags: '--pin <fingerprint>', text: 'accept exactly this certificate (SHA-256)' },
  { flags: '--system', text: "rely on the server's own authorities (default)" },
  { flags: '--unverified <reason>', text: 'do not check, for this reason' },
  { flags: '--until <date>', text: 'with --unverified: until then (default: 90 days)' },
];
const SKIP: OptionDescription = { flags: '--skip-test', text: 'store it without trying it first' };
const EXITS = 'Exit codes: 2 settings, 3 network or TLS, 4 authentication, 5 rights or objects.';

export const CONNECTION_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'connection',
    summary: 'Manage the systems this server holds credentials for',
    commands: [
      {
        name: 'create',
        summary: 'Store a connection, after testing it',
        arguments: [{ form: '<name>', text: 'name, unique' }],
        options: [
          { flags: '--kind <kind>', text: 'what is there', choices: KINDS },
          { flags: '--url <url>', text: 'address, such as https://pve.example:8006' },
          ...CREDENTIAL,
          ...TRUST,
          SKIP,
        ],
        notes: [
          'Example:',
          '  tessera connection create metrics --kind http --url https://api.example.com \\',
          '    --method bearer --secret-file token.txt',
        ],
        load: () => import('../commands/connection-create.ts'),
      },
      {
        name: 'list',
        summary: 'List connections',
        options: [KIND, { flags: '--search <text>', text: 'part of the name or the address' }],
        load: () => import('../commands/connection-list.ts'),
      },
      {
        name: 'show',
        summary: 'Show a connection, its trust and its last test',
        arguments: [CONNECTION],
        load: () => import('../commands/connection-show.ts'),
      },
      {
        name: 'test',
        summary: 'Test a connection and explain what is wrong',
        arguments: [CONNECTION],
        options: [{ flags: '--for <task>', text: 'compare rights with what this task needs' }],
        notes: [EXITS],
        load: () => import('../commands/connection-test.ts'),
      },
      {
        name: 'update',
        summary: 'Change a connection; what is not named stays',
        arguments: [CONNECTION],
        options: [
          { flags: '--url <url>', text: 'new address; asks for the credential again' },
          ...CREDENTIAL,
          ...TRUST,
          { flags: '--fallback <when>', text: 'use the fallback after a refusal', choices: ['on', 'off'] },
          SKIP,
        ],
        load: () => import('../commands/connection-update.ts'),
      },
      {
        name: 'trust',
        summary: 'Show the certificate and decide how it is trusted',
        arguments: [CONNECTION],
        options: [
          { flags: '--ca <file>', text: 'trust this authority (PEM)' },
          { flags: '--pin [fingerprint]', text: 'accept exactly the certificate shown now' },
          { flags: '--replace', text: 'pin the certificate shown now in place of the old one' },
          ...TRUST.slice(2),
          YES,
        ],
        load: () => import('../commands/connection-trust.ts'),
      },
      {
        name: 'rename',
        summary: 'Give a connection another name',
        arguments: [CONNECTION, { form: '<new-name>', text: 'the new name' }],
        load: () => import('../commands/connection-rename.ts'),
      },
      {
        name: 'delete',
        summary: 'Delete a connection and its stored credential',
        arguments: [CONNECTION],
        options: [YES],
        load: () => import('../commands/connection-delete.ts'),
      },
      {
        name: 'events',
        summary: 'List what happened to credentials: first refusals, coming ends, changed certificates',
        arguments: [{ form: '[connection]', text: 'of this connection only' }],
        options: [
          {
            flags: '--state <state>',
            text: 'which ones (default: open)',
            choices: ['open', 'acknowledged', 'all'],
          },
          { flags: '-n, --limit <number>', text: 'at most so many (default: 100)' },
          { flags: '--acknowledge <id>', text: 'mark this event as seen' },
        ],
        load: () => import('../commands/connection-events.ts'),
      },
    ],
  },
  {
    name: 'doctor',
    summary: 'Examine every connection and explain what is wrong',
    arguments: [{ form: '[connection]', text: 'this one only' }],
    options: [KIND],
    notes: [EXITS],
    load: () => import('../commands/doctor.ts'),
  },
];
