import { type CommandDescription, type OptionDescription, YES } from '../description.ts';

const CONFIG_ARGUMENT = { form: '<config-id>', text: 'id or name of the configuration' };
const CONFIG: readonly OptionDescription[] = [
  { flags: '-i, --config-id <id>', text: 'id or name of the configuration (default: the first)' },
  { flags: '--id <id>', text: 'the same' },
];
const SEARCH: OptionDescription = { flags: '--search <text>', text: 'only what matches' };
const FOREMAN_SEARCH: OptionDescription = {
  flags: '--search <query>',
  text: "Foreman's own search, such as os = Ubuntu",
};
const TRUST: readonly OptionDescription[] = [
  { flags: '--verify-ssl [yes]', text: 'check the certificate (default)' },
  { flags: '--no-verify-ssl', text: 'do not, for this configuration only' },
  { flags: '--ca <file>', text: 'check it against this authority (PEM)' },
];
const TOKEN: readonly OptionDescription[] = [
  { flags: '-t, --token <token>', text: 'login:token, or the token with --username' },
  { flags: '--token-file <file>', text: 'the same from a file' },
  { flags: '--token-stdin', text: 'the same from standard input' },
  { flags: '--username <login>', text: 'login, where it does not stand in front of the token' },
];
const PASSWORD: readonly OptionDescription[] = [
  { flags: '--password-file <file>', text: 'password from a file instead of a question' },
  { flags: '--password-stdin', text: 'password from standard input' },
];
const HOST = { form: '<host>', text: 'name or id of the host' };
const LISTING: Pick<CommandDescription, 'arguments' | 'options'> = {
  arguments: [{ form: '[config]', text: 'id or name of the configuration (default: the first)' }],
  options: [...CONFIG, FOREMAN_SEARCH],
};
const EXITS = 'Exit codes: 2 settings, 3 network or TLS, 4 authentication, 5 rights or objects.';

const TOKEN_COMMAND: CommandDescription = {
  name: 'token',
  summary: 'Make, list and revoke personal access tokens in Foreman',
  commands: [
    {
      name: 'create',
      summary: 'Make a token with a name and a password used once',
      options: [
        { flags: '-u, --user <login>', text: 'who logs in for it' },
        { flags: '-n, --name <name>', text: 'name of the token; never one that was used before' },
        { flags: '-e, --expires <end>', text: 'end of life: YYYY-MM-DD (UTC) or 90d (default: never)' },
        { flags: '--for-user <login>', text: 'for somebody else; administrators only' },
        ...CONFIG,
        { flags: '--url <url>', text: 'a Foreman that is not configured yet' },
        ...TRUST,
        ...PASSWORD,
        { flags: '--store', text: 'put it into the configuration and do not print it' },
        { flags: '--store-as <name>', text: 'store it as a new configuration' },
      ],
      notes: ['Example:', '  tessera foreman token create --user admin --name tessera --expires 90d'],
      load: () => import('../commands/foreman-token-create.ts'),
    },
    {
      name: 'list',
      summary: 'List tokens, ended and revoked ones too',
      options: [...CONFIG, { flags: '-u, --user <login>', text: 'whose (default: of the configuration)' }],
      load: () => import('../commands/foreman-token-list.ts'),
    },
    {
      name: 'revoke',
      summary: 'Revoke a token by its number',
      arguments: [{ form: '<token-id>', text: 'number of the token' }],
      options: [
        ...CONFIG,
        { flags: '-u, --user <login>', text: 'whose (default: of the configuration)' },
        { flags: '--admin <login>', text: 'an administrator who does it, once' },
        ...PASSWORD,
        YES,
      ],
      load: () => import('../commands/foreman-token-revoke.ts'),
    },
  ],
};

const partOfHost = (
  name: string,
  summary: string,
  load: CommandDescription['load'],
  more: readonly OptionDescription[] = [],
) => ({
  name,
  summary,
  arguments: [HOST],
  options: [...CONFIG, SEARCH, ...more],
  ...(load === undefined ? {} : { load }),
});

export const FOREMAN_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'foreman',
    summary: 'Store, test and use Foreman configurations',
    commands: [
      {
        name: 'create',
        summary: 'Store a configuration',
        options: [
          { flags: '-n, --name <name>', text: 'name of the configuration' },
          { flags: '-u, --url <url>', text: 'address of Foreman' },
          ...TOKEN,
          ...TRUST,
        ],
        notes: [
          'Example:',
          '  tessera foreman create --name lab --url https://foreman.example.com \\',
          '    --token admin:TOKEN --verify-ssl',
        ],
        load: () => import('../commands/foreman-create.ts'),
      },
      {
        name: 'test',
        summary: 'Test a configuration and explain what is wrong',
        arguments: [CONFIG_ARGUMENT],
        notes: [EXITS],
        load: () => import('../commands/foreman-test.ts'),
      },
      { name: 'list', summary: 'List configurations', load: () => import('../commands/foreman-list.ts') },
      {
        name: 'update',
        summary: 'Change a configuration; what is not named stays',
        arguments: [{ form: '[config-id]', text: CONFIG_ARGUMENT.text }],
        options: [
          { flags: '-n, --name <name>', text: 'new name' },
          { flags: '-u, --url <url>', text: 'new address; asks for the token again' },
          ...TOKEN,
          ...TRUST,
        ],
        load: () => import('../commands/foreman-update.ts'),
      },
      {
        name: 'delete',
        summary: 'Delete a configuration',
        arguments: [CONFIG_ARGUMENT],
        options: [YES],
        load: () => import('../commands/foreman-delete.ts'),
      },
      {
        name: 'hosts',
        summary: 'List hosts',
        ...LISTING,
        load: () => import('../commands/foreman-hosts.ts'),
      },
      {
        name: 'hypervisors',
        summary: 'List hypervisors (compute resources)',
        ...LISTING,
        load: () => import('../commands/foreman-hypervisors.ts'),
      },
      {
        name: 'refresh',
        summary: 'Count hosts anew',
        options: [...CONFIG],
        load: () => import('../commands/foreman-refresh.ts'),
      },
      {
        name: 'show',
        summary: 'Show a host',
        arguments: [HOST],
        options: [...CONFIG],
        load: () => import('../commands/foreman-show.ts'),
      },
      partOfHost(
        'puppet-classes',
        'List the Puppet classes of a host',
        () => import('../commands/foreman-puppet-classes.ts'),
      ),
      partOfHost(
        'puppet-parameters',
        'List the parameters of a host',
        () => import('../commands/foreman-puppet-parameters.ts'),
      ),
      partOfHost(
        'puppet-facts',
        'List the facts of a host',
        () => import('../commands/foreman-puppet-facts.ts'),
        [{ flags: '--limit <number>', text: 'at most so many (default: 100)' }],
      ),
      TOKEN_COMMAND,
    ],
  },
];
