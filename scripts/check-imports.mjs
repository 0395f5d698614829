// Data runs downhill: fails on an import that climbs, and on any cycle. Type-only imports count.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const RULES = {
  'main.ts': ['config', 'app.ts', 'env-file.ts', 'crypto', 'storage', 'tokens', 'base', 'cluster.ts'],
  // What the wizard wrote, taken up by a server that is started beside it.
  'env-file.ts': ['local', 'connections', 'kinds', 'outbound', 'access', 'base'],
  'housekeeping.ts': ['storage', 'base'],
  'cluster.ts': ['base'],
  'app.ts': '*',
  // Parts of the plan: what every room stands on, and everything that answers at an address.
  'cellar.ts': ['config', 'storage', 'crypto', 'base'],
  'surfaces.ts': ['http', 'dialects'],
  http: [
    'crypto',
    'oidc',
    'broker',
    'machines',
    'tokens',
    'people',
    'connections',
    'access',
    'audit',
    'wire',
    'base',
  ],
  dialects: [
    'http',
    'broker',
    'machines',
    'tokens',
    'people',
    'connections',
    'access',
    'audit',
    'wire',
    'base',
  ],
  broker: ['tokens', 'connections', 'kinds', 'outbound', 'access', 'audit', 'base'],
  machines: ['connections', 'kinds', 'access', 'audit', 'base'],
  storage: ['tokens', 'people', 'connections', 'broker', 'machines', 'audit', 'access', 'crypto', 'base'],
  tokens: ['access', 'audit', 'crypto', 'base'],
  oidc: ['access', 'crypto', 'base'],
  people: ['access', 'audit', 'crypto', 'base'],
  connections: ['kinds', 'access', 'audit', 'crypto', 'base'],
  kinds: ['outbound', 'base'],
  config: ['base'],
  access: ['base'],
  audit: ['access', 'crypto', 'base'],
  crypto: ['base'],
  outbound: ['base'],
  wire: ['base'],
  base: [],
  client: ['wire', 'base'],
  // What the command line does on this machine without a server: settings files, the wizard, tests of them.
  local: ['kinds', 'outbound', 'base'],
  cli: ['client', 'wire', 'local', 'base'],
  doubles: ['base'],
  // Everything at once to look at: a server beside doubles, filled through the client.
  demo: ['client', 'doubles', 'base'],
};
// The command line starts the programs; it reaches them through these doors, loaded when asked for.
const DOORS = {
  'cli/commands/serve.ts': ['main.ts'],
  'cli/commands/double.ts': ['doubles'],
  'cli/commands/demo.ts': ['demo'],
  'cli/commands/offline.ts': ['offline.ts'],
};
RULES['offline.ts'] = ['config', 'app.ts', 'storage', 'crypto', 'audit', 'base'];

// The pages, as a house of their own: app knows the features, no feature knows another. Of src they see these rooms.
const OF_SRC = ['client', 'wire', 'base'];
const WEB_RULES = {
  app: ['features', 'ui', 'api'],
  features: ['ui', 'api'],
  ui: [],
  api: [],
};

const root = resolve('src');
const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
const faults = [];
const graph = new Map();

const roomOf = (file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file);

for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8');
  const targets = [];
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
    const target = relative(root, resolve(root, dirname(file), match[1]));
    targets.push(target);
    const here = roomOf(file);
    const there = roomOf(target);
    if (here === there || target.startsWith('..')) continue;
    const allowed = [...(RULES[here] === '*' ? [there] : (RULES[here] ?? [])), ...(DOORS[file] ?? [])];
    if (RULES[here] === undefined)
      faults.push(`${file}: the room '${here}' is not in the plan of scripts/check-imports.mjs`);
    else if (!allowed.includes(there))
      faults.push(`${file} imports ${target}: '${here}' may not know '${there}'`);
  }
  graph.set(file, targets);
}

const web = resolve('web');
const pages = readdirSync(web, { recursive: true })
  .map(String)
  .filter((name) => /\.tsx?$/.test(name) && name.includes('/'));
for (const file of pages) {
  const text = readFileSync(join(web, file), 'utf8');
  const targets = [];
  const [here, feature] = file.split('/');
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
    const target = relative(resolve(), resolve(web, dirname(file), match[1]));
    targets.push(target);
    const [house, there, otherFeature] = target.split('/');
    const allowed = house === 'src' ? OF_SRC : house === 'web' ? [here, ...(WEB_RULES[here] ?? [])] : [];
    if (!allowed.includes(there)) faults.push(`web/${file} imports ${target}: '${here}' may not know it`);
    else if (house === 'web' && here === 'features' && there === here && feature !== otherFeature)
      faults.push(`web/${file} imports ${target}: no feature may know another`);
  }
  graph.set(`web/${file}`, targets);
}

const state = new Map();
function visit(file, path) {
  if (state.get(file) === 'done' || !graph.has(file)) return;
  if (state.get(file) === 'open') {
    faults.push(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    return;
  }
  state.set(file, 'open');
  for (const target of graph.get(file)) visit(target, [...path, file]);
  state.set(file, 'done');
}
for (const file of graph.keys()) visit(file, []);

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`imports: ${graph.size} files, every arrow points down, no cycles`);
