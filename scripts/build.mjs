// Makes dist/ from src/ and the packages it uses: few files instead of a thousand, so that a start does not look up
// each of them. What only one command needs stays in a file of its own. Types of the client come from tsc.
import { chmodSync, rmSync } from 'node:fs';
import { build } from 'rolldown';

// Packages that bring binaries or files of their own stay where npm put them.
const LEFT_IN_PLACE = [
  '@node-rs/argon2',
  '@photostructure/sqlite',
  '@fastify/static',
  '@fastify/swagger-ui',
  'pino',
  'cli-table3',
];

rmSync('dist', { recursive: true, force: true });
await build({
  input: { 'cli/main': 'src/cli/main.ts', 'client/index': 'src/client/index.ts' },
  platform: 'node',
  external: (name) =>
    name.startsWith('node:') || LEFT_IN_PLACE.some((one) => name === one || name.startsWith(`${one}/`)),
  output: {
    dir: 'dist',
    comments: { legal: true, annotation: false, jsdoc: false },
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'cli/[name]-[hash].js',
  },
  logLevel: 'warn',
});
// The execute bit that npm would set on install.
chmodSync('dist/cli/main.js', 0o755);
