import {
  type ArgumentDescription,
  type CommandDescription,
  type OptionDescription,
  YES,
} from '../description.ts';

const NAME: ArgumentDescription = { form: '<name>', text: 'name of the route' };

const SETTINGS: readonly OptionDescription[] = [
  { flags: '--host <host>', text: 'host name that selects the route; empty takes it away' },
  { flags: '--port <port>', text: 'port of the route alone; empty takes it away' },
  { flags: '--no-path', text: 'do not offer it below /connect/<name>/' },
  {
    flags: '--rule <rule>',
    text: "'METHOD|METHOD PATH SCOPE|SCOPE', with anyone or never in place of scopes; repeatable; empty takes all away",
    repeats: true,
  },
  { flags: '--no-presets', text: 'only the rules count' },
  {
    flags: '--pass-header <name...>',
    text: 'request headers that travel besides the usual ones; empty takes them away',
    list: true,
  },
];
const LIMITS = (asMade: boolean): readonly OptionDescription[] => [
  { flags: '--max-concurrent <number>', text: `calls at once${asMade ? ' (default: 256)' : ''}` },
  {
    flags: '--timeout <seconds>',
    text: `wait for the first byte of an answer${asMade ? ' (default: 35)' : ''}`,
  },
  {
    flags: '--idle <seconds>',
    text: `end a stream on which nothing moves${asMade ? ' (default: 300)' : ''}`,
  },
];

export const ROUTE_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'route',
    summary: 'Let tools reach a system through Tessera',
    commands: [
      {
        name: 'create',
        summary: 'Create a route to a connection or to a plain system',
        arguments: [NAME],
        options: [
          { flags: '-c, --connection <connection>', text: 'whose credential is put in' },
          { flags: '--to <url>', text: 'a system with nothing to put in' },
          { flags: '--ca <file>', text: 'trust this authority for --to (PEM)' },
          { flags: '--pin <fingerprint>', text: 'accept exactly this certificate of --to (SHA-256)' },
          ...SETTINGS,
          ...LIMITS(true),
        ],
        notes: [
          'Examples:',
          '  tessera route create lab --connection pve-lab',
          '  tessera route create metrics --to https://sasquatch.example --no-presets \\',
          "    --rule 'POST /topics/** write:sasquatch'",
        ],
        load: () => import('../commands/route-create.ts'),
      },
      { name: 'list', summary: 'List routes', load: () => import('../commands/route-list.ts') },
      {
        name: 'show',
        alias: 'get',
        summary: 'Show a route',
        arguments: [NAME],
        load: () => import('../commands/route-show.ts'),
      },
      {
        name: 'update',
        summary: 'Change a route; rules given here replace those there are',
        arguments: [NAME],
        options: [
          { flags: '--path', text: 'offer it below /connect/<name>/ again' },
          { flags: '--presets', text: 'let the presets of its kind count again' },
          ...SETTINGS,
          ...LIMITS(false),
        ],
        notes: ['What is not named stays.'],
        load: () => import('../commands/route-update.ts'),
      },
      {
        name: 'delete',
        summary: 'Delete a route',
        arguments: [NAME],
        options: [YES],
        load: () => import('../commands/route-delete.ts'),
      },
      {
        name: 'check',
        summary: 'Say what would happen to a call, and why; sends nothing',
        arguments: [
          { form: '<route>', text: 'name of the route' },
          { form: '<token>', text: 'id of a token, or the name of one of yours; - for a call without one' },
          { form: '<method>', text: 'such as GET' },
          { form: '<path>', text: 'as the other system sees it' },
        ],
        notes: ['Ends with 1 when the call would be refused.'],
        load: () => import('../commands/route-check.ts'),
      },
      {
        name: 'snippet',
        summary: 'Print the configuration of a tool',
        arguments: [NAME],
        notes: ['Example:', '  tessera route snippet lab --for curl'],
        options: [
          {
            flags: '--for <tool>',
            text: 'which tool',
            choices: ['terraform', 'hammer', 'proxmoxer', 'curl', 'osmo'],
          },
          { flags: '--ca <file>', text: 'authority that signed the certificate of Tessera' },
        ],
        load: () => import('../commands/route-snippet.ts'),
      },
    ],
  },
];
