import type { z } from 'zod';
import type {
  ChangeRoute,
  CheckRoute,
  CreateRoute,
  Route,
  RouteList,
  RouteVerdict,
} from '../../wire/routes.ts';
import { segment } from '../pages.ts';
import type { Transport } from '../transport.ts';

export function routeCalls(transport: Transport) {
  const at = (key: string) => `/api/v1/routes/${segment(key)}`;
  return {
    create: (request: CreateRoute) => transport.call<Route>('POST', '/api/v1/routes', { json: request }),
    list: () => transport.call<z.infer<typeof RouteList>>('GET', '/api/v1/routes'),
    get: (key: string) => transport.call<Route>('GET', at(key)),
    update: (key: string, change: ChangeRoute) => transport.call<Route>('PATCH', at(key), { json: change }),
    delete: (key: string) => transport.call<void>('DELETE', at(key)),
    /** What would happen to a call; nothing is sent. */
    check: (key: string, call: CheckRoute) =>
      transport.call<RouteVerdict>('POST', `${at(key)}/check`, { json: call }),
  };
}
