// Files the compiler does not copy, and the execute bit npm would set on install.
import { chmodSync } from 'node:fs';

chmodSync('dist/cli/main.js', 0o755);
