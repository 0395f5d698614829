import { useQuery } from '@tanstack/react-query';
import type { Route } from '../../../src/wire/routes.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { TextLink } from '../../ui/links.tsx';
import { KIND_NAMES } from './levels.ts';

/** The system behind a route: its address, or the connection whose credential is added. */
export function LeadsTo({ route: { to, kind, connection } }: { readonly route: Route }) {
  const reads = useMay('read:connections', 'admin:connections');
  const { data } = useQuery({
    queryKey: ['connections'],
    queryFn: () => tessera.connections.list(),
    enabled: reads && connection !== null,
  });
  if (connection === null) return <>{to}</>;
  const name = data?.items.find(({ id }) => id === connection)?.name;
  if (name === undefined) return <>{KIND_NAMES[kind]}</>;
  return (
    <>
      <TextLink to="/connections/$id" params={{ id: connection }} inherit underline="always">
        {name}
      </TextLink>{' '}
      ({KIND_NAMES[kind]})
    </>
  );
}
