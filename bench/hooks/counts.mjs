/** How often each statement ran, by its text. */
export const counts = new Map();

export const count = (sql) => {
  counts.set(sql, (counts.get(sql) ?? 0) + 1);
};
