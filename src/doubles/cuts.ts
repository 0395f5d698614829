import type { Duplex } from 'node:stream';

/** A connection to be cut while it is used. */
export interface Cut {
  /** Matches path and query; text must be contained. Absent: every request. */
  readonly path?: RegExp | string | ((url: string) => boolean);
  readonly method?: string;
  /** Counted among the matching requests from when the order is given; 1 is the next. Default 1. */
  readonly nth?: number;
  /** `before`: nothing is done. `after`: the work is done and its answer lost. Default `before`. */
  readonly when?: 'before' | 'after';
  /** How many requests in a row, from the nth on. Default 1. */
  readonly times?: number;
  /** The connection stays open and silent until its other end goes away. */
  readonly silent?: boolean;
  /** Called when the request has come that far. */
  readonly met?: () => void;
}

/** What to do with a request; null: answer it. */
export type Judgement = Pick<Cut, 'silent' | 'met'> & { readonly when: 'before' | 'after' };

export interface Cuts {
  order(cut: Cut): void;
  /** Counts the request against every order; says whether and when to cut it. */
  judge(method: string, url: string): Judgement | null;
  clear(): void;
}

function matches(cut: Cut, method: string, url: string): boolean {
  if (cut.method !== undefined && cut.method !== method) return false;
  if (cut.path === undefined) return true;
  if (typeof cut.path === 'function') return cut.path(url);
  return typeof cut.path === 'string' ? url.includes(cut.path) : cut.path.test(url);
}

export function makeCuts(): Cuts {
  let orders: { cut: Cut; seen: number }[] = [];
  return {
    order: (cut) => void orders.push({ cut, seen: 0 }),
    judge: (method, url) => {
      let verdict: Judgement | null = null;
      for (const order of orders) {
        if (!matches(order.cut, method, url)) continue;
        order.seen += 1;
        const first = order.cut.nth ?? 1;
        if (order.seen >= first && order.seen < first + (order.cut.times ?? 1))
          verdict = { ...order.cut, when: order.cut.when ?? 'before' };
      }
      return verdict;
    },
    clear: () => {
      orders = [];
    },
  };
}

/** Loses the answer: at once, or never while the other end waits. */
export function loseAnswer(socket: Duplex, { silent, met }: Judgement): void {
  met?.();
  if (silent !== true) socket.destroy();
}
