// Makes dist/ from src/ and the packages it uses: few files instead of a thousand, so that a start does not look up
// each of them. What only one command needs stays in a file of its own. Types of the client come from tsc.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
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

const packages = {
  platform: 'node',
  external: (name) =>
    name.startsWith('node:') || LEFT_IN_PLACE.some((one) => name === one || name.startsWith(`${one}/`)),
  logLevel: 'warn',
};
const comments = { legal: true, annotation: false, jsdoc: false };

rmSync('dist', { recursive: true, force: true });

// CommonJS, and all that every command needs in one file: docs/decisions/009.
await build({
  ...packages,
  input: { main: 'src/cli/main.ts' },
  output: {
    dir: 'dist/cli',
    format: 'cjs',
    entryFileNames: '[name].js',
    comments,
    codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] },
  },
});
writeFileSync('dist/cli/package.json', '{ "type": "commonjs" }\n');
// The execute bit that npm would set on install.
chmodSync('dist/cli/main.js', 0o755);

await build({
  ...packages,
  input: { index: 'src/client/index.ts' },
  output: { dir: 'dist/client', format: 'esm', comments },
});
