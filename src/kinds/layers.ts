import { blockedLayer, type Finding, LAYERS, type Layer } from './finding.ts';

/** Settings 2, network or TLS 3, authentication 4, rights or objects 5. */
const EXIT_CODES: Readonly<Record<Layer, number>> = {
  format: 2,
  dns: 3,
  tcp: 3,
  tls: 3,
  product: 3,
  authentication: 4,
  rights: 5,
  objects: 5,
};

/** What a program that runs a test ends with, wherever the test ran. */
export const exitCodeOf = (layer: Layer | undefined): number => (layer === undefined ? 0 : EXIT_CODES[layer]);

export interface LayerProgress {
  readonly layer: Layer;
  readonly state: 'passed' | 'warned' | 'failed' | 'not_reached';
}

/** How far a test came, layer by layer. */
export function layerStates(findings: readonly Finding[]): LayerProgress[] {
  const blocked = blockedLayer(findings);
  const end = blocked === undefined ? LAYERS.length : LAYERS.indexOf(blocked);
  return LAYERS.map((layer, at) => {
    if (at > end) return { layer, state: 'not_reached' };
    if (at === end) return { layer, state: 'failed' };
    return { layer, state: findings.some((finding) => finding.layer === layer) ? 'warned' : 'passed' };
  });
}
