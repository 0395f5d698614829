import { type CommandDescription, type OptionDescription, YES } from '../description.ts';

const ENV: OptionDescription = { flags: '--env <file>', text: 'settings in this file (default: .env here)' };
const TFVARS: OptionDescription = {
  flags: '--tfvars <file>',
  text: 'settings of Terraform in this file instead',
};
const CONNECTION: OptionDescription = {
  flags: '--connection <name>',
  text: 'a connection stored on the server instead',
};
const HOST: OptionDescription = { flags: '--host <host>', text: 'another host: name, name:port or URL' };
const NODE: OptionDescription = { flags: '--node <node>', text: 'node to work on' };
const SOURCE = [ENV, TFVARS, HOST] as const;
const TASK: OptionDescription = {
  flags: '--for <task>',
  text: 'what the credential is for (default: clone-vm)',
  choices: ['inventory', 'clone-vm', 'terraform'],
};
const ADMIN: readonly OptionDescription[] = [
  { flags: '--admin <user>', text: "who does it, user@realm (default: the token's owner, or root@pam)" },
  { flags: '--admin-password-file <file>', text: 'password from a file instead of a question' },
  { flags: '--admin-password-stdin', text: 'password from standard input' },
];
const SELF: OptionDescription = { flags: '--self', text: 'the token itself does it; it needs User.Modify' };
const OBJECTS: readonly OptionDescription[] = [
  { flags: '--storage <storage>', text: 'only this storage' },
  { flags: '--bridge <bridge>', text: 'only this bridge' },
  { flags: '--pool <pool>', text: 'guests of this pool' },
  { flags: '--node <node>', text: 'only this node' },
];
const EXITS = 'Exit codes: 2 settings, 3 network or TLS, 4 authentication, 5 rights or objects.';

const TOKEN_COMMAND: CommandDescription = {
  name: 'token',
  summary: 'Make, renew and revoke a token of Proxmox VE',
  commands: [
    {
      name: 'create',
      summary: 'Make user, role, token and grants with the least rights for a task',
      options: [
        ENV,
        HOST,
        ...ADMIN,
        { flags: '--user <user>', text: 'owner of the token, made if new (default: tessera@pve)' },
        { flags: '--name <name>', text: 'name of the token (default: api)' },
        TASK,
        ...OBJECTS,
        { flags: '-e, --expires-at <date>', text: 'end of life, YYYY-MM-DD (UTC)' },
        { flags: '--expires-in <duration>', text: 'instead: 90d' },
        { flags: '--save', text: 'put it into .env and do not print it' },
        CONNECTION,
        { flags: '--store-as <name>', text: 'with --connection: store it as a new connection' },
      ],
      notes: [
        'The administrator login is used once and kept nowhere.',
        'Example:',
        '  tessera proxmox token create --for clone-vm --save',
      ],
      load: () => import('../commands/proxmox-token-create.ts'),
    },
    {
      name: 'rotate',
      summary: 'Give the token a new secret, wherever it is kept; grants stay',
      options: [...SOURCE, ...ADMIN, SELF, CONNECTION],
      load: () => import('../commands/proxmox-token-rotate.ts'),
    },
    {
      name: 'revoke',
      summary: 'Delete the token on the server',
      options: [...SOURCE, ...ADMIN, SELF, CONNECTION, YES],
      load: () => import('../commands/proxmox-token-revoke.ts'),
    },
  ],
};

export const PROXMOX_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'proxmox',
    summary: 'Set up, test and explain access to Proxmox VE',
    commands: [
      {
        name: 'setup',
        summary: 'Ask for everything, test it, and write .env',
        options: [
          { flags: '--env <file>', text: 'file to write (default: .env here)' },
          { flags: '--non-interactive', text: 'no questions: flags, environment, standard input' },
          HOST,
          { flags: '--user <user>', text: 'user@realm (default: root@pam)' },
          { flags: '--token-name <name>', text: 'name of the token' },
          { flags: '--secret-file <file>', text: 'token secret, or user@realm!name=secret, from a file' },
          { flags: '--secret-stdin', text: 'the same from standard input' },
          { flags: '--password-file <file>', text: 'password from a file, instead of a token' },
          { flags: '--password-stdin', text: 'the same from standard input' },
          { flags: '--pin <fingerprint>', text: 'accept exactly this certificate (SHA-256)' },
          { flags: '--ca <file>', text: 'trust this authority' },
          { flags: '--unverified <reason>', text: 'do not check the certificate, for this reason' },
          { flags: '--unverified-until <date>', text: 'with it: until then' },
          NODE,
          { flags: '--ubuntu-2204 <id>', text: 'template for Ubuntu 22.04, or none' },
          { flags: '--ubuntu-2004 <id>', text: 'template for Ubuntu 20.04, or none' },
          { ...TASK, choices: ['inventory', 'clone-vm', 'terraform', 'none'] },
          { flags: '--store <name>', text: 'store it on the server as this connection, too' },
        ],
        notes: ['Nothing is written before everything has passed.', EXITS],
        load: () => import('../commands/proxmox-setup.ts'),
      },
      {
        name: 'test',
        summary: 'Test settings or a connection, read-only, and explain what is wrong',
        options: [
          ...SOURCE,
          CONNECTION,
          NODE,
          { ...TASK, choices: ['inventory', 'clone-vm', 'terraform', 'none'] },
          { flags: '--privileges <privilege...>', text: 'look at these privileges, too', list: true },
          { flags: '--owner-password', text: "ask for the token owner's password, to narrow down a refusal" },
          { flags: '--owner-password-file <file>', text: 'the same from a file' },
        ],
        notes: [EXITS],
        load: () => import('../commands/proxmox-test.ts'),
      },
      {
        name: 'nodes',
        summary: 'List nodes',
        options: [...SOURCE, CONNECTION],
        load: () => import('../commands/proxmox-nodes.ts'),
      },
      {
        name: 'templates',
        summary: 'List templates',
        options: [...SOURCE, CONNECTION],
        load: () => import('../commands/proxmox-templates.ts'),
      },
      {
        name: 'permissions',
        summary: 'Compare rights with what a task needs',
        options: [
          ...SOURCE,
          CONNECTION,
          TASK,
          { flags: '--template <id>', text: 'with this template' },
          ...OBJECTS,
          {
            flags: '--privileges <privilege...>',
            text: 'compare this list instead of what the credential holds',
            list: true,
          },
        ],
        notes: ['Example:', '  tessera proxmox permissions --for clone-vm'],
        load: () => import('../commands/proxmox-permissions.ts'),
      },
      {
        name: 'trust',
        summary: 'Show the certificate and decide how it is trusted',
        options: [
          ENV,
          HOST,
          CONNECTION,
          { flags: '--ca <file>', text: 'trust this authority (PEM)' },
          { flags: '--pin [fingerprint]', text: 'accept exactly the certificate shown now' },
          { flags: '--replace', text: 'pin the certificate shown now in place of the old one' },
          { flags: '--system', text: "rely on this machine's authorities" },
          { flags: '--unverified <reason>', text: 'do not check, for this reason' },
          { flags: '--until <date>', text: 'with --unverified: until then' },
          YES,
        ],
        notes: ['Without a flag nothing is changed.'],
        load: () => import('../commands/proxmox-trust.ts'),
      },
      TOKEN_COMMAND,
    ],
  },
  {
    name: 'terraform',
    summary: 'Hand settings to Terraform',
    commands: [
      {
        name: 'export',
        summary: 'Write terraform.tfvars and print the provider block',
        options: [
          ENV,
          HOST,
          { flags: '--format <format>', text: 'values as', choices: ['tfvars', 'env'] },
          {
            flags: '-o, --output <file>',
            text: 'file for the values (default: terraform.tfvars, terraform.env)',
          },
          { flags: '--force', text: 'with --format env: replace a file that holds other things' },
        ],
        notes: ['The values hold a secret: mode 600, and never where git would track the file.'],
        load: () => import('../commands/terraform-export.ts'),
      },
    ],
  },
];
