import type { Writable } from 'node:stream';

/** Pictures of something that moves, drawn one after the other. */
export const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
/** Back to the start of the line, and nothing left on it. */
export const CLEAR_LINE = '\r\u001b[K';
const PATIENCE_MS = 1000;
const FRAME_MS = 90;

/** Waits for the work; on a terminal, and when it takes more than a second, something moves meanwhile. */
export async function withSpinner<T>(output: Writable, label: string, work: Promise<T>): Promise<T> {
  let frames: NodeJS.Timeout | undefined;
  const patience = setTimeout(() => {
    let turn = 0;
    frames = setInterval(() => {
      output.write(`\r${FRAMES[turn % FRAMES.length] ?? ''} ${label}`);
      turn += 1;
    }, FRAME_MS);
  }, PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(patience);
    if (frames !== undefined) {
      clearInterval(frames);
      output.write(CLEAR_LINE);
    }
  }
}
