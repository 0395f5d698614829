const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** How a length of time is written: `90s`, `30m`, `12h`, `90d`. */
export const DURATION = /^\d{1,6}[smhd]$/;

/** Seconds of a text that {@link DURATION} matches. */
export const durationSeconds = (text: string): number =>
  Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? Number.NaN);
