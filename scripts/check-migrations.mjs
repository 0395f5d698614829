// A released migration is never edited: its text must still have the digest noted when it was added.
// `node scripts/check-migrations.mjs --add` notes new ones.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = 'src/storage/migrations';
const NOTES = `${FOLDER}/digests.json`;
const noted = JSON.parse(readFileSync(NOTES, 'utf8'));
const files = readdirSync(FOLDER)
  .filter((name) => /^\d{3}-.+\.ts$/.test(name))
  .sort();
const faults = [];

for (const [at, file] of files.entries()) {
  const digest = createHash('sha256')
    .update(readFileSync(`${FOLDER}/${file}`))
    .digest('hex');
  if (Number(file.slice(0, 3)) !== at + 1)
    faults.push(`${file}: the next number is ${String(at + 1).padStart(3, '0')}`);
  if (noted[file] === undefined && process.argv.includes('--add')) noted[file] = digest;
  else if (noted[file] === undefined)
    faults.push(`${file}: not noted yet; run node scripts/check-migrations.mjs --add`);
  else if (noted[file] !== digest)
    faults.push(`${file}: was changed after it was noted; write a new migration instead`);
}
for (const file of Object.keys(noted)) if (!files.includes(file)) faults.push(`${file}: noted but gone`);

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
if (process.argv.includes('--add')) writeFileSync(NOTES, `${JSON.stringify(noted, null, 2)}\n`);
console.log(`migrations: ${files.length}, none changed`);
