import { Button, Divider } from '@mantine/core';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { tessera } from '../../api/tessera.ts';

const methodsQuery = queryOptions({
  queryKey: ['sign-in-methods'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: () => tessera.session.methods(),
});

interface ProviderButtonProps {
  /** Where the provider's answer leads: a path of ours or an address on this host. */
  readonly returnTo: string;
  /** Leaves the page as it is and goes on in another tab. */
  readonly apart?: boolean;
}

/** The way in by the OpenID Connect provider, where there is one. */
export function ProviderButton({ returnTo, apart = false }: ProviderButtonProps) {
  const { data } = useQuery(methodsQuery);
  const provider = data?.provider ?? null;
  if (provider === null) return null;
  return (
    <>
      <Divider label="or" />
      <Button
        component="a"
        href={`${provider.login_path}?${new URLSearchParams({ return_to: returnTo })}`}
        variant="default"
        fullWidth
        {...(apart ? { target: '_blank', rel: 'noopener' } : {})}
      >
        {provider.label}
      </Button>
    </>
  );
}
