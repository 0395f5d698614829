import { useQuery } from '@tanstack/react-query';
import { useMay } from '../../api/session.ts';
import { BackLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { ErrorState, Loading, PermissionDenied } from '../../ui/states.tsx';
import { MachineForm } from './machine-form.tsx';
import { settingsQuery } from './use-jobs.ts';

export function NewMachinePage() {
  const may = useMay('write:machines');
  const settings = useQuery({ ...settingsQuery, enabled: may });
  return (
    <Page
      title="New machine"
      lead="Rights, template, storage and name are looked at before anything is made."
      back={<BackLink to="/machines">Machines</BackLink>}
    >
      {!may ? (
        <PermissionDenied scopes={['write:machines']} />
      ) : settings.isPending ? (
        <Loading />
      ) : settings.error !== null ? (
        <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />
      ) : (
        <MachineForm settings={settings.data} />
      )}
    </Page>
  );
}
