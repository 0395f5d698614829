import type { Clock } from '../../base/clock.ts';
import type { OutboundClient } from '../../outbound/client.ts';
import type { OutboundResponse } from '../../outbound/message.ts';
import { findingsFrom, type Layer } from '../finding.ts';
import { type Product, REACH_ROWS } from './rows.ts';
import type { Surroundings } from './surroundings.ts';

export const reachFinding = findingsFrom(REACH_ROWS);

/** A page a product shows to everybody, by which it is recognised and its clock read. */
export interface PublicFace {
  readonly path: string;
  readonly recognise: (answer: OutboundResponse) => boolean;
}

export interface ReachSubject {
  readonly client: OutboundClient;
  readonly clock: Clock;
  readonly product: Product;
  readonly face: PublicFace;
  /** The product speaks TLS 1.3, so less is worth a remark. */
  readonly expectsTls13: boolean;
  readonly surroundings: Surroundings;
  readonly step?: (layer: Layer) => void;
}
