import { type ArgumentDescription, type CommandDescription, YES } from '../description.ts';

const USERNAME: ArgumentDescription = { form: '<username>', text: 'name of the user' };
const ROLE: ArgumentDescription = { form: '<role>', text: 'name of the role' };
const ROLES: ArgumentDescription = { form: '<role...>', text: 'names of roles' };
const PASSWORD = [
  { flags: '--password-file <file>', text: 'file with the password' },
  { flags: '--password-stdin', text: 'read the password from standard input' },
] as const;

const USER_COMMAND: CommandDescription = {
  name: 'user',
  summary: 'Manage users and bots',
  commands: [
    {
      name: 'create',
      summary: 'Create a user',
      arguments: [USERNAME],
      options: [
        { flags: '--name <text>', text: 'full name' },
        { flags: '--email <address>', text: 'e-mail address' },
        { flags: '-r, --roles <role...>', text: 'roles to give', list: true },
        ...PASSWORD,
        { flags: '--without-password', text: 'do not ask for one; the user cannot sign in by name' },
      ],
      load: () => import('../commands/user-create.ts'),
    },
    {
      name: 'list',
      summary: 'List users',
      options: [
        { flags: '--kind <kind>', text: 'only people or only bots', choices: ['user', 'bot'] },
        { flags: '-r, --role <role>', text: 'only holders of this role' },
        { flags: '--prefix, --id-prefix <text>', text: 'only names that begin so' },
      ],
      load: () => import('../commands/user-list.ts'),
    },
    {
      name: 'show',
      alias: 'get',
      summary: 'Show a user',
      arguments: [USERNAME],
      load: () => import('../commands/user-show.ts'),
    },
    {
      name: 'update',
      summary: 'Change a user; an empty text removes the entry',
      arguments: [USERNAME],
      options: [
        { flags: '--name <text>', text: 'full name' },
        { flags: '--email <address>', text: 'e-mail address' },
        { flags: '--add-roles <role...>', text: 'roles to give', list: true },
        { flags: '--remove-roles <role...>', text: 'roles to take', list: true },
      ],
      load: () => import('../commands/user-update.ts'),
    },
    {
      name: 'disable',
      summary: 'Refuse the user and all tokens of the user until enabled again',
      arguments: [USERNAME],
      options: [YES],
      load: () => import('../commands/user-disable.ts'),
    },
    {
      name: 'enable',
      summary: 'Let a disabled user in again',
      arguments: [USERNAME],
      load: () => import('../commands/user-enable.ts'),
    },
    {
      name: 'delete',
      summary: 'Delete a user and revoke all tokens of the user',
      arguments: [USERNAME],
      options: [YES],
      load: () => import('../commands/user-delete.ts'),
    },
    {
      name: 'link',
      summary: 'Let a user sign in as an account at the OpenID Connect provider',
      arguments: [USERNAME, { form: '<subject>', text: "the account there: claim 'sub' of its ID tokens" }],
      load: () => import('../commands/user-link.ts'),
    },
    {
      name: 'unlink',
      summary: 'Undo that link and end the sessions of the user',
      arguments: [USERNAME],
      options: [YES],
      load: () => import('../commands/user-unlink.ts'),
    },
    {
      name: 'password',
      summary: 'Set a password',
      arguments: [{ form: '[username]', text: 'whose, when not your own; administrators only' }],
      options: [...PASSWORD, { flags: '--old-password-file <file>', text: 'file with the present password' }],
      load: () => import('../commands/user-password.ts'),
    },
    {
      name: 'role',
      summary: 'Give and take roles',
      commands: [
        {
          name: 'add',
          summary: 'Give roles to a user',
          arguments: [USERNAME, ROLES],
          load: () => import('../commands/user-role-add.ts'),
        },
        {
          name: 'remove',
          summary: 'Take roles from a user and from all tokens of the user',
          arguments: [USERNAME, ROLES],
          options: [YES],
          load: () => import('../commands/user-role-remove.ts'),
        },
      ],
    },
  ],
};

const ROLE_COMMAND: CommandDescription = {
  name: 'role',
  summary: 'Manage roles: named sets of scopes',
  commands: [
    {
      name: 'create',
      summary: 'Create a role',
      arguments: [ROLE],
      options: [
        { flags: '-s, --scopes <scope...>', text: 'scopes it gives', list: true },
        { flags: '-d, --description <text>', text: 'what it is for' },
      ],
      load: () => import('../commands/role-create.ts'),
    },
    { name: 'list', summary: 'List roles', load: () => import('../commands/role-list.ts') },
    {
      name: 'update',
      summary: 'Change a role; its holders and their tokens follow at once',
      arguments: [ROLE],
      options: [
        { flags: '-s, --scopes <scope...>', text: 'all scopes it gives from now on', list: true },
        { flags: '-d, --description <text>', text: 'what it is for' },
      ],
      load: () => import('../commands/role-update.ts'),
    },
    {
      name: 'delete',
      summary: 'Delete a role; its holders and their tokens lose it at once',
      arguments: [ROLE],
      options: [YES],
      load: () => import('../commands/role-delete.ts'),
    },
    {
      name: 'users',
      summary: 'List who holds a role',
      arguments: [ROLE],
      load: () => import('../commands/role-users.ts'),
    },
  ],
};

const SCOPE_COMMAND: CommandDescription = {
  name: 'scope',
  summary: 'Manage scopes: rights by name',
  commands: [
    {
      name: 'create',
      summary: 'Register a scope',
      arguments: [{ form: '<scope>', text: 'name, such as write:metrics' }],
      options: [{ flags: '-d, --description <text>', text: 'what it allows; asked for when missing' }],
      load: () => import('../commands/scope-create.ts'),
    },
    { name: 'list', summary: 'List scopes', load: () => import('../commands/scope-list.ts') },
    {
      name: 'delete',
      summary: 'Delete a scope',
      arguments: [{ form: '<scope>', text: 'name of the scope' }],
      options: [YES],
      load: () => import('../commands/scope-delete.ts'),
    },
  ],
};

export const PEOPLE_COMMANDS = [USER_COMMAND, ROLE_COMMAND, SCOPE_COMMAND];
