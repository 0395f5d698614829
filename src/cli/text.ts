/** Text from elsewhere as it may be written to a terminal: nothing in it moves the cursor or changes colours. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

/** Folds between words; a word longer than the line is cut. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => pieces(each, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

export const longestWord = (text: string): number =>
  Math.max(...text.split(' ').map((word) => [...word].length));

function pieces(word: string, width: number): string[] {
  const letters = [...word];
  const parts: string[] = [];
  for (let at = 0; at < letters.length; at += width) parts.push(letters.slice(at, at + width).join(''));
  return parts;
}

/** `2026-12-31T00:00:00Z` as `2026-12-31`, any other moment with its time; UTC. */
export function moment(timestamp: string | null, never = 'never'): string {
  if (timestamp === null) return never;
  const [date = '', time = ''] = timestamp.split('T');
  return time.startsWith('00:00:00') || time === '' ? date : `${date} ${time.slice(0, 5)}`;
}

export const quantity = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? '' : 's'}`;
