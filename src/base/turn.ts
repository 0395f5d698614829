/**
 * Gathers what is handed in during one turn of the event loop and works it off at the end of that turn. Bytes for
 * many sockets that leave together wake whoever reads them once, not once each.
 *
 * @param work must not throw
 */
export function atTurnEnd<T>(work: (item: T) => void): (item: T) => void {
  let waiting: T[] = [];
  function flush(): void {
    const leaving = waiting;
    waiting = [];
    for (const item of leaving) work(item);
  }
  return (item) => {
    if (waiting.push(item) === 1) setImmediate(flush);
  };
}
