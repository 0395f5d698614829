// Loaded into an unchanged server with `node --import`: counts every statement that reaches SQLite, by its text, and
// tells about memory when asked over the IPC channel.
import { register } from 'node:module';
import { counts } from './counts.mjs';

register('./replace-sqlite.mjs', import.meta.url);

process.on('message', ({ question }) => {
  if (question === 'statements') process.send({ statements: [...counts] });
  if (question === 'memory') {
    globalThis.gc?.();
    globalThis.gc?.();
    process.send({ memory: process.memoryUsage() });
  }
});
process.channel?.unref();
