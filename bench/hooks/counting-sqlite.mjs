import { count } from './counts.mjs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const builtIn = major > 22 || (major === 22 && minor >= 13);
const real = await import(builtIn ? 'node:sqlite' : '@photostructure/sqlite');

/** SQLite as it is, with every execution counted. */
export class DatabaseSync extends real.DatabaseSync {
  prepare(sql) {
    const statement = super.prepare(sql);
    const counted =
      (method) =>
      (...values) => {
        count(sql);
        return statement[method](...values);
      };
    return { all: counted('all'), get: counted('get'), run: counted('run') };
  }

  exec(sql) {
    count(sql);
    return super.exec(sql);
  }
}
