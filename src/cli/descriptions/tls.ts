import type { CommandDescription } from '../description.ts';

const DATA_DIR = { flags: '--data-dir <folder>', text: 'data folder of the server' } as const;

export const TLS_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'tls',
    summary: 'Certificates of this server',
    commands: [
      {
        name: 'init',
        summary: 'Make a local authority and a server certificate; again, to renew the certificate',
        options: [
          {
            flags: '-n, --name <name...>',
            text: 'names and addresses clients use, besides those of this machine',
            list: true,
          },
          DATA_DIR,
        ],
        notes: ['Example:', '  tessera tls init --name tessera.lab.example --name 192.0.2.10'],
        load: () => import('../commands/tls-init.ts'),
      },
      {
        name: 'trust',
        summary: 'Say how systems and tools accept the authority',
        options: [
          {
            flags: '--for <target>',
            text: 'only this one',
            choices: [
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
            ],
          },
          { flags: '--ca <file>', text: 'another authority' },
          DATA_DIR,
        ],
        load: () => import('../commands/tls-trust.ts'),
      },
    ],
  },
  {
    name: 'run',
    summary: 'Run a program with a token that lives as long as the program',
    runsProgram: true,
    arguments: [{ form: '<command...>', text: 'the program and its arguments, after --' }],
    options: [
      { flags: '-c, --connection <connection>', text: 'a connection; the route that leads to it is used' },
      { flags: '-r, --route <route>', text: 'a route' },
      {
        flags: '-s, --scope <scope...>',
        text: "what the token may do (default: the route's read scope)",
        list: true,
      },
      { flags: '--ttl <duration>', text: 'longest life of the token (default: 12h)' },
    ],
    notes: [
      'Sets TESSERA_TOKEN, TESSERA_ROUTE_URL and what the tools of the kind read.',
      'Example:',
      '  tessera run --connection pve-lab --scope configure:lab -- terraform plan',
    ],
    load: () => import('../commands/run.ts'),
  },
];
