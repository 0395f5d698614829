/** A connection to be cut while it is used. */
export interface Cut {
  /** Matches path and query; text must be contained. Absent: every request. */
  readonly path?: RegExp | string;
  readonly method?: string;
  /** Counted among the matching requests from when the order is given; 1 is the next. Default 1. */
  readonly nth?: number;
  /** `before`: nothing is done. `after`: the work is done and its answer lost. Default `before`. */
  readonly when?: 'before' | 'after';
  /** How many requests in a row, from the nth on. Default 1. */
  readonly times?: number;
}

export interface Cuts {
  order(cut: Cut): void;
  /** Counts the request against every order; says whether and when to cut it. */
  judge(method: string, url: string): 'none' | 'before' | 'after';
  clear(): void;
}

function matches(cut: Cut, method: string, url: string): boolean {
  if (cut.method !== undefined && cut.method !== method) return false;
  if (cut.path === undefined) return true;
  return typeof cut.path === 'string' ? url.includes(cut.path) : cut.path.test(url);
}

export function makeCuts(): Cuts {
  let orders: { cut: Cut; seen: number }[] = [];
  return {
    order: (cut) => void orders.push({ cut, seen: 0 }),
    judge: (method, url) => {
      let verdict: 'none' | 'before' | 'after' = 'none';
      for (const order of orders) {
        if (!matches(order.cut, method, url)) continue;
        order.seen += 1;
        const first = order.cut.nth ?? 1;
        if (order.seen >= first && order.seen < first + (order.cut.times ?? 1))
          verdict = order.cut.when ?? 'before';
      }
      return verdict;
    },
    clear: () => {
      orders = [];
    },
  };
}
