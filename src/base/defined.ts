export type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The same object without the keys that hold nothing. */
export const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
