import { blockedLayer, type Finding } from './finding.ts';
import type { Report } from './kind.ts';

/** Puts findings and facts together; the verdict follows from the findings alone. */
export function makeReport<Facts extends object>(
  findings: readonly Finding[],
  facts: Facts,
  more: Omit<Report, 'verdict' | 'layer' | 'findings' | 'facts'> = {},
): Report<Facts> {
  const layer = blockedLayer(findings);
  return {
    verdict: layer !== undefined ? 'failed' : findings.length > 0 ? 'warnings' : 'healthy',
    ...(layer === undefined ? {} : { layer }),
    findings,
    facts,
    ...more,
  };
}
