import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const CLASS = /\bm_[0-9a-f]{6,8}\b/g;

test('every component in use has its styles', () => {
  const built = (ending: string): string =>
    readdirSync('dist/web/assets')
      .filter((name) => name.endsWith(ending))
      .map((name) => readFileSync(`dist/web/assets/${name}`, 'utf8'))
      .join('\n');
  const known = new Set(readFileSync('node_modules/@mantine/core/styles.css', 'utf8').match(CLASS));
  const styled = new Set(built('.css').match(CLASS));
  const used = [...new Set(built('.js').match(CLASS))].filter((name) => known.has(name));
  expect(used.length).toBeGreaterThan(50);
  // What is missing is added to web/app/mantine.css.
  expect(used.filter((name) => !styled.has(name))).toEqual([]);
});
