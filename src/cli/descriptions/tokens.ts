import { type CommandDescription, type OptionDescription, YES } from '../description.ts';

const USER: OptionDescription = { flags: '-u, --user <name>', text: 'whose, when not your own' };
const TOKEN = { form: '<token>', text: 'name or id of the token' };
const EXPIRY: readonly OptionDescription[] = [
  { flags: '-e, --expires-at <date>', text: 'end of life, YYYY-MM-DD (UTC): dead from that day on' },
  { flags: '--expires-in <duration>', text: 'instead: 12h, 90d' },
  { flags: '--never-expires', text: 'instead: no end of life, where the server allows it' },
];
const DESCRIPTION: OptionDescription = { flags: '-d, --description <text>', text: 'what it is for' };
const STATE: OptionDescription = {
  flags: '--state <state>',
  text: 'which ones (default: active)',
  choices: ['active', 'expired', 'revoked', 'all'],
};

const TOKEN_COMMAND: CommandDescription = {
  name: 'token',
  summary: 'Make, list and revoke tokens',
  commands: [
    {
      name: 'create',
      alias: 'set',
      summary: 'Make a token; the secret is printed once',
      arguments: [{ form: '<name>', text: 'name, unique among your tokens' }],
      options: [
        DESCRIPTION,
        ...EXPIRY,
        { flags: '-r, --roles <role...>', text: 'roles it keeps (default: all of yours)', list: true },
        { flags: '-s, --scopes <scope...>', text: 'nothing beyond these scopes', list: true },
        { flags: '-u, --user <name>', text: 'for somebody else; administrators only' },
      ],
      notes: [
        'Without an end of life it lives for 31 days.',
        'Examples:',
        '  tessera token create ci --expires-in 90d --scopes read:machines',
        '  tessera token set backup -e 2027-01-01 -r user -d "Nightly backup" > token',
      ],
      load: () => import('../commands/token-create.ts'),
    },
    {
      name: 'list',
      summary: 'List tokens',
      options: [
        { flags: '-u, --user <name>', text: "whose, when not your own; '*' for everybody's" },
        {
          flags: '--type <type>',
          text: 'only of this type',
          choices: ['session', 'user', 'service', 'internal', 'notebook'],
        },
        STATE,
        { flags: '--search <text>', text: 'part of name, description or id, or a scope' },
      ],
      load: () => import('../commands/token-list.ts'),
    },
    {
      name: 'show',
      summary: 'Show a token and what it allows at this moment',
      arguments: [TOKEN],
      options: [USER],
      load: () => import('../commands/token-show.ts'),
    },
    {
      name: 'roles',
      summary: 'Show the roles a token was given',
      arguments: [TOKEN],
      options: [USER],
      load: () => import('../commands/token-roles.ts'),
    },
    {
      name: 'delete',
      alias: 'revoke',
      summary: 'Revoke a token and all that were made from it',
      arguments: [TOKEN],
      options: [USER, YES],
      load: () => import('../commands/token-delete.ts'),
    },
    {
      name: 'history',
      summary: 'Show what happened to a token',
      arguments: [TOKEN],
      options: [USER],
      load: () => import('../commands/token-history.ts'),
    },
    {
      name: 'exchange',
      summary: 'Exchange your token for a short-lived signed one (JWT)',
      options: [
        { flags: '-s, --scopes <scope...>', text: 'nothing beyond these scopes', list: true },
        { flags: '--audience <name>', text: 'whom it is meant for' },
        { flags: '--lifetime <duration>', text: 'shorter than usual: 90s, 2m' },
        { flags: '--token-file <file>', text: 'exchange the token in this file instead' },
        { flags: '--token-stdin', text: 'exchange the token on standard input instead' },
      ],
      load: () => import('../commands/token-exchange.ts'),
    },
  ],
};

const SERVICE_TOKEN_COMMAND: CommandDescription = {
  name: 'service-token',
  summary: 'Make, list and revoke the tokens of bots',
  commands: [
    {
      name: 'create',
      summary: 'Make a token for a bot; the secret is printed once',
      arguments: [{ form: '<username>', text: 'the bot, bot-...; made if it is new' }],
      options: [
        { flags: '-s, --scopes <scope...>', text: 'what it allows', list: true },
        DESCRIPTION,
        ...EXPIRY,
      ],
      notes: ['Example:', '  tessera service-token create bot-metrics --scopes write:sasquatch'],
      load: () => import('../commands/service-token-create.ts'),
    },
    {
      name: 'list',
      summary: 'List the tokens of bots',
      options: [{ flags: '-u, --user <name>', text: 'of this bot only' }, STATE],
      load: () => import('../commands/service-token-list.ts'),
    },
    {
      name: 'revoke',
      alias: 'delete',
      summary: "Revoke a bot's token",
      arguments: [{ form: '<token>', text: "id of the token, or the bot's name if it has one only" }],
      options: [YES],
      load: () => import('../commands/service-token-revoke.ts'),
    },
  ],
};

export const TOKEN_COMMANDS = [TOKEN_COMMAND, SERVICE_TOKEN_COMMAND];
