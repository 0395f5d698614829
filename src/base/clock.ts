/** Milliseconds since the epoch. Handed in everywhere, so that tests own time. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Lets milliseconds go by. */
export type Wait = (ms: number) => Promise<void>;

export const systemWait: Wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whole seconds since the epoch, cut off: the unit of every stored and transmitted time. */
export const seconds = (clock: Clock): number => Math.floor(clock() / 1000);

export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
