/**
 * Work of which one turn at a time goes on. A call is done when a turn is done that began after it; calls during a
 * turn share the next.
 */
export function inTurns(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  function turn(): Promise<void> {
    if (running === null) {
      running = work().finally(() => {
        running = null;
      });
      return running;
    }
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        return turn();
      });
    return next;
  }
  return turn;
}
