// Loaded into an unchanged server with `node --import`: counts every statement that reaches SQLite, by its text, and
// tells about memory when asked over the IPC channel.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const builtIn = major > 22 || (major === 22 && minor >= 13);
const { DatabaseSync } = await import(builtIn ? 'node:sqlite' : '@photostructure/sqlite');

const counts = new Map();
const { prepare, exec } = DatabaseSync.prototype;
const count = (sql) => counts.set(sql, (counts.get(sql) ?? 0) + 1);

DatabaseSync.prototype.prepare = function (sql, ...rest) {
  const statement = prepare.call(this, sql, ...rest);
  for (const method of ['all', 'get', 'run', 'iterate']) {
    const original = statement[method];
    if (typeof original !== 'function') continue;
    statement[method] = (...values) => {
      count(sql);
      return original.apply(statement, values);
    };
  }
  return statement;
};
DatabaseSync.prototype.exec = function (sql) {
  count(sql);
  return exec.call(this, sql);
};

process.on('message', ({ question }) => {
  if (question === 'statements') process.send({ statements: [...counts] });
  if (question === 'memory') {
    globalThis.gc?.();
    globalThis.gc?.();
    process.send({ memory: process.memoryUsage() });
  }
});
process.channel?.unref();
