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

/**
 * The same for what can wait: worked off a few at a time, so that between two portions the event loop looks after
 * everybody else.
 *
 * @param work must not throw
 */
export function inPortions<T>(size: number, work: (item: T) => void): (item: T) => void {
  let waiting: T[] = [];
  let next = 0;
  function portion(): void {
    for (const end = Math.min(next + size, waiting.length); next < end; next++) work(waiting[next] as T);
    if (next < waiting.length) {
      setImmediate(portion);
      return;
    }
    waiting = [];
    next = 0;
  }
  return (item) => {
    if (waiting.push(item) === 1) setImmediate(portion);
  };
}
