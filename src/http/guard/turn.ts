import { atTurnEnd } from '../../base/turn.ts';
import type { FastResponse } from '../front.ts';

/** Answers of one turn of the event loop leave together: who asked is woken once for all of them. */
export function createTurn(
  failed: (response: FastResponse, error: unknown) => void,
): (response: FastResponse, send: () => void) => void {
  const leave = atTurnEnd(({ response, send }: { response: FastResponse; send: () => void }) => {
    try {
      send();
    } catch (error) {
      failed(response, error);
    }
  });
  return (response, send) => leave({ response, send });
}
