import { type CommandDescription, type OptionDescription, YES } from '../description.ts';

const CONNECTION: OptionDescription = {
  flags: '--connection <name>',
  text: 'to Proxmox VE; needed where there are several',
};
const NO_WAIT: OptionDescription = { flags: '--no-wait', text: 'do not wait for the end' };
const MACHINE = { form: '<machine>', text: 'its name, or the id of its job' };
const JOB = { form: '<job>', text: 'id of the job' };
const EXITS = 'Exit codes: 0 it runs, with a known address or without; 1 it does not; 2 usage.';

const TEMPLATE_COMMAND: CommandDescription = {
  name: 'template',
  summary: 'See, check and build what machines are made from',
  commands: [
    {
      name: 'list',
      summary: 'List the releases there is a template for',
      options: [CONNECTION],
      load: () => import('../commands/vm-template-list.ts'),
    },
    {
      name: 'check',
      summary: 'Look whether machines can be made from them: release, cloud-init, agent, rights',
      arguments: [{ form: '[version...]', text: 'releases (default: all that are configured)' }],
      options: [
        CONNECTION,
        { flags: '--template <id>', text: 'this template instead of the configured one' },
      ],
      notes: [
        'Nothing is made.',
        'Exit codes: 0 all well, 3 network or TLS, 4 authentication, 5 something lacks.',
      ],
      load: () => import('../commands/vm-template-check.ts'),
    },
    {
      name: 'build',
      summary: 'Print the commands that build a template on a host of Proxmox VE',
      arguments: [{ form: '<version>', text: 'Ubuntu release, as 22.04' }],
      options: [
        { flags: '--id <id>', text: 'id of the template (default: 9000)' },
        { flags: '--storage <storage>', text: 'where its disk shall lie (default: local-lvm)' },
        { flags: '--bridge <bridge>', text: 'its bridge (default: vmbr0)' },
      ],
      notes: ['Examples:', '  tessera vm template build 22.04 | ssh root@pve bash'],
      load: () => import('../commands/vm-template-build.ts'),
    },
  ],
};

export const MACHINE_COMMANDS: readonly CommandDescription[] = [
  {
    name: 'vm',
    summary: 'Make virtual machines on Proxmox VE from templates',
    commands: [
      {
        name: 'create',
        summary: 'Make an Ubuntu machine and show how to log in',
        arguments: [{ form: '<name>', text: 'letters, digits and hyphens' }],
        options: [
          { flags: '--version <release>', text: 'Ubuntu release (default: 22.04)' },
          { flags: '--cores <number>', text: 'processor cores (default: 2)' },
          { flags: '--memory <size>', text: 'as 2048 (MiB) or 4G (default: 2048)' },
          { flags: '--disk <size>', text: 'in GiB, as 20 or 20G (default: 20)' },
          { flags: '--ssh-key <file...>', text: 'public keys that may log in', list: true },
          { flags: '--user <name>', text: 'login made in the machine (default: ubuntu)' },
          { flags: '--address <address>', text: 'fixed, with its prefix: 192.0.2.10/24 (default: by DHCP)' },
          { flags: '--gateway <address>', text: 'with a fixed address' },
          { flags: '--nameserver <address...>', text: 'up to three', list: true },
          { flags: '--node <node>', text: "to make it on (default: the template's)" },
          { flags: '--storage <storage>', text: "for its disk (default: the template's)" },
          { flags: '--bridge <bridge>', text: "for its network card (default: the template's)" },
          { flags: '--template <id>', text: 'instead of the one configured for the release' },
          CONNECTION,
          NO_WAIT,
        ],
        notes: [
          'Example:',
          '  tessera vm create test-vm --version 22.04 --ssh-key ~/.ssh/id_ed25519.pub',
          '',
          EXITS,
        ],
        load: () => import('../commands/vm-create.ts'),
      },
      {
        name: 'list',
        summary: 'List machines that are there, being made, or left over',
        load: () => import('../commands/vm-list.ts'),
      },
      {
        name: 'show',
        summary: 'Show one machine and how to log in',
        arguments: [MACHINE],
        load: () => import('../commands/vm-show.ts'),
      },
      {
        name: 'start',
        summary: 'Start a machine',
        arguments: [MACHINE],
        load: () => import('../commands/vm-start.ts'),
      },
      {
        name: 'stop',
        summary: 'Stop a machine at once, without asking what runs in it',
        arguments: [MACHINE],
        load: () => import('../commands/vm-stop.ts'),
      },
      {
        name: 'delete',
        summary: 'Stop and delete a machine with its disk, or what a failed job left',
        arguments: [MACHINE],
        options: [YES],
        load: () => import('../commands/vm-delete.ts'),
      },
      {
        name: 'prune',
        summary: 'Delete guests that no job counts as its machine',
        options: [{ flags: '--unknown', text: 'also of jobs that are unknown here' }, YES],
        load: () => import('../commands/vm-prune.ts'),
      },
      TEMPLATE_COMMAND,
    ],
  },
  {
    name: 'job',
    summary: 'Follow, cancel and repeat the making of machines',
    commands: [
      {
        name: 'list',
        summary: 'List jobs, newest first',
        options: [{ flags: '--limit <number>', text: 'how many (default: 100)' }],
        load: () => import('../commands/job-list.ts'),
      },
      {
        name: 'show',
        summary: 'Show a job step by step',
        arguments: [JOB],
        options: [{ flags: '-f, --follow', text: 'until it ends' }],
        load: () => import('../commands/job-show.ts'),
      },
      {
        name: 'cancel',
        summary: 'Cancel a job and undo what it made',
        arguments: [JOB],
        options: [NO_WAIT],
        load: () => import('../commands/job-cancel.ts'),
      },
      {
        name: 'retry',
        summary: 'Do the same again as a new job',
        arguments: [JOB],
        options: [NO_WAIT],
        notes: [EXITS],
        load: () => import('../commands/job-retry.ts'),
      },
    ],
  },
];
