import type { FastResponse } from '../front.ts';

/** Answers of one turn of the event loop leave together: who asked is woken once for all of them. */
export function createTurn(
  failed: (response: FastResponse, error: unknown) => void,
): (response: FastResponse, send: () => void) => void {
  let waiting: { response: FastResponse; send: () => void }[] = [];

  function flush(): void {
    const leaving = waiting;
    waiting = [];
    for (const { response, send } of leaving) {
      try {
        send();
      } catch (error) {
        failed(response, error);
      }
    }
  }

  return (response, send) => {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push({ response, send });
  };
}
