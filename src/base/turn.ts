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
  const waiting: T[] = [];
  let due = false;
  function portion(): void {
    due = false;
    for (const item of waiting.splice(0, size)) work(item);
    if (waiting.length > 0) goOn();
  }
  function goOn(): void {
    if (due) return;
    due = true;
    setImmediate(portion);
  }
  return (item) => {
    waiting.push(item);
    goOn();
  };
}
