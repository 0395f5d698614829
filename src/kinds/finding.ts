/** Where a test can stop, in the order the layers are tried. */
export const LAYERS = [
  'format',
  'dns',
  'tcp',
  'tls',
  'product',
  'authentication',
  'rights',
  'objects',
] as const;
export type Layer = (typeof LAYERS)[number];

/** A layer is about to be looked at; with what was found until now. */
export type Step = (layer: Layer, found: readonly Finding[]) => void;

/** `blocking` explains why the connection cannot do its work; `warning` is worth knowing while it does. */
export type Severity = 'blocking' | 'warning';

/** One diagnosis. The code is stable and travels on the wire; no field ever holds a secret. */
export interface Finding {
  readonly code: string;
  /** Which look found it: `P0` ... `P17`, the same numbers for every kind. */
  readonly probe: string;
  readonly layer: Layer;
  readonly severity: Severity;
  /** What was seen, close to its wording on the wire. */
  readonly evidence: string;
  /** What a person reads. */
  readonly sentence: string;
  /** What to do, as commands where there are any. */
  readonly fix: string;
}

/** One line of a diagnosis table: sentence and fix are made from what the probe learned. */
export interface Row<Arguments> {
  readonly layer: Layer;
  readonly severity: Severity;
  readonly words: (facts: Arguments) => readonly [sentence: string, fix: string];
}

export function row<Arguments>(
  layer: Layer,
  severity: Severity,
  words: Row<Arguments>['words'],
): Row<Arguments> {
  return { layer, severity, words };
}

type Table = Readonly<Record<string, Row<never>>>;
type FactsOf<T extends Table, C extends keyof T> = Parameters<T[C]['words']>[0];

/** Makes the function that turns a code of a table into a finding; the facts it takes follow from the code. */
export function findingsFrom<T extends Table>(table: T) {
  return <C extends keyof T & string>(
    code: C,
    probe: string,
    evidence: string,
    facts: FactsOf<T, C>,
    severity?: Severity,
  ): Finding => {
    const line = table[code] as unknown as Row<FactsOf<T, C>>;
    const [sentence, fix] = line.words(facts);
    return {
      code,
      probe,
      layer: line.layer,
      severity: severity ?? line.severity,
      evidence: printable(evidence),
      sentence: printable(sentence),
      fix: printable(fix),
    };
  };
}

export const isBlocking = (finding: Finding): boolean => finding.severity === 'blocking';

/** The first layer that explains the symptom, or `undefined` where nothing stands in the way. */
export function blockedLayer(findings: readonly Finding[]): Layer | undefined {
  const blocked = new Set(findings.filter(isBlocking).map((finding) => finding.layer));
  return LAYERS.find((layer) => blocked.has(layer));
}

const MAX_TEXT = 2000;

/** Upstreams choose some of these words: control characters go, and no answer fills a screen. */
function printable(text: string): string {
  const clean = text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, ' ').trim();
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}...` : clean;
}
