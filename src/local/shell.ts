/** A word for any POSIX shell (XCU 2.2.2): between single quotes nothing is special, and a quote leaves them. */
export const quoteShell = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
