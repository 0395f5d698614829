import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { tessera } from '../../api/tessera.ts';
import { BackLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { RouteForm } from './route-form.tsx';

export function NewRoutePage() {
  return (
    <Page
      title="New route"
      lead="From then on tools reach the system here, with tokens of Tessera."
      back={<BackLink to="/routes">Routes</BackLink>}
    >
      <RouteForm />
    </Page>
  );
}

export function EditRoutePage() {
  const { name } = useParams({ from: '/shell/routes/$name/edit' });
  const found = useQuery({ queryKey: ['routes', name], queryFn: () => tessera.routes.get(name) });
  return (
    <Page
      title={`Change ${name}`}
      lead="In force within a second, also for streams that are open."
      back={
        <BackLink to="/routes/$name" params={{ name }}>
          {name}
        </BackLink>
      }
    >
      {found.isPending ? (
        <Loading label="Loading the route" />
      ) : found.error !== null ? (
        <ErrorState error={found.error} title="The route could not be read" />
      ) : (
        <RouteForm route={found.data} />
      )}
    </Page>
  );
}
