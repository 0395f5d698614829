// Makes dist/web/ from web/, with compressed copies beside each file.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

await build({ configFile: 'web/vite.config.ts', logLevel: 'warn' });

const FOLDER = 'dist/web/assets';
for (const name of readdirSync(FOLDER).filter((file) => /\.(js|css|svg)$/.test(file))) {
  const bytes = readFileSync(`${FOLDER}/${name}`);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${FOLDER}/${name}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${FOLDER}/${name}.gz`, gzipSync(bytes, { level: 9 }));
}
