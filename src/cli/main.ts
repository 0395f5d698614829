#!/usr/bin/env node
import { hideArguments } from './environment.ts';
import { processIo } from './io.ts';
import { runCli } from './run.ts';

hideArguments(process.argv.slice(2));

// The reader of a pipe may leave early, as `head` does; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

async function run(): Promise<void> {
  const code = await runCli(process.argv.slice(2), processIo());
  // A server that is still closing may have set its own.
  if (code !== 0) process.exitCode = code;
}

void run();
