import type { CommandDescription } from '../description.ts';

const SERVER = { form: '[url]', text: 'the server; else TESSERA_URL, the last one, http://127.0.0.1:8001' };

export const SESSION_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'setup',
    summary: 'Make the first administrator of a new server',
    arguments: [SERVER],
    options: [
      { flags: '--secret-file <file>', text: 'file with the bootstrap secret' },
      { flags: '--secret-stdin', text: 'read the bootstrap secret from standard input' },
      { flags: '-u, --username <name>', text: 'name of the administrator' },
      { flags: '--password-file <file>', text: 'file with the password' },
      { flags: '--password-stdin', text: 'read the password from standard input' },
    ],
    notes: ['The server prints the bootstrap secret when it starts for the first time.'],
    load: () => import('../commands/setup.ts'),
  },
  {
    name: 'login',
    summary: 'Log in and remember it',
    arguments: [SERVER],
    options: [
      { flags: '--method <method>', text: 'how to log in', choices: ['password', 'token'] },
      { flags: '-u, --username <name>', text: 'user name' },
      { flags: '--password-file <file>', text: 'file with the password' },
      { flags: '--password-stdin', text: 'read the password from standard input' },
      { flags: '--token-file <file>', text: 'file with a token' },
      { flags: '--token-stdin', text: 'read a token from standard input' },
      { flags: '--token <token>', text: 'a token; stays in the shell history, better use a file' },
    ],
    notes: [
      'Examples:',
      '  tessera login https://tokens.example.com',
      '  tessera login https://tokens.example.com --method=token --token-file ~/token',
    ],
    load: () => import('../commands/login.ts'),
  },
  {
    name: 'logout',
    summary: 'End the session; a token you logged in with is only forgotten',
    arguments: [SERVER],
    options: [{ flags: '--forget', text: 'forget it here even if the server cannot be told' }],
    load: () => import('../commands/logout.ts'),
  },
  {
    name: 'whoami',
    summary: 'Show who you are and what you may do',
    load: () => import('../commands/whoami.ts'),
  },
];
