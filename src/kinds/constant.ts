import { ok } from '../base/result.ts';
import type { Carrier, Injection } from './kind.ts';

/** A credential that rides the same way with every call. */
export function constantCarrier(injection: Injection): Carrier {
  const always = ok(injection);
  return { inject: () => always, forget: () => {} };
}
