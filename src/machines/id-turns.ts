/** Work on one connection after another, within this process. */
export type IdTurns = <T>(connection: string, work: () => Promise<T>) => Promise<T>;

/** Jobs of one process choose their ids on a connection in turn, so that they race with others only. */
export function createIdTurns(): IdTurns {
  const last = new Map<string, Promise<void>>();
  return (connection, work) => {
    const mine = (last.get(connection) ?? Promise.resolve()).then(work);
    const over = mine.then(
      () => {},
      () => {},
    );
    last.set(connection, over);
    void over.then(() => last.get(connection) === over && last.delete(connection));
    return mine;
  };
}
