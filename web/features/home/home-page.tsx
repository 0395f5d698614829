import { Badge, Card, Group, SimpleGrid, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useMay, useMe } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { Icon, type IconName } from '../../ui/icons.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EndingSoon } from './ending-soon.tsx';

export function HomePage() {
  const me = useMe();
  const mayConnect = useMay('admin:connections');
  const tokens = useQuery({
    queryKey: ['tokens', 'home', me.username],
    queryFn: () => tessera.tokens.page({ type: 'user', limit: 1 }),
  });
  const connections = useQuery({
    queryKey: ['connections', 'home'],
    queryFn: () => tessera.connections.list(),
    enabled: mayConnect,
  });
  const hasToken = (tokens.data?.items.length ?? 0) > 0;
  const hasConnection = (connections.data?.items.length ?? 0) > 0;
  return (
    <Page
      title={`Welcome, ${me.user?.name ?? me.username}`}
      lead="Tessera makes tokens, keeps the secrets of other systems, and says why something is refused."
    >
      <SimpleGrid cols={{ base: 1, sm: mayConnect ? 3 : 2 }} spacing="lg">
        <Step
          icon="key"
          title="Mint a token"
          done={hasToken}
          action={
            <ButtonLink to="/tokens/new" {...looks(!hasToken)}>
              {hasToken ? 'Mint another' : 'Mint a token'}
            </ButtonLink>
          }
        >
          For a script or a program that acts in your name: only what you choose, only as long as you say.
        </Step>
        {mayConnect && (
          <Step
            icon="plug"
            title="Connect Proxmox or Foreman"
            done={hasConnection}
            action={
              <ButtonLink to={'/connections/new' as '/'} {...looks(hasToken && !hasConnection)}>
                {hasConnection ? 'Connect another' : 'Connect a system'}
              </ButtonLink>
            }
          >
            Tessera keeps the secret and tests it: what is wrong is named, with the command that fixes it.
          </Step>
        )}
        <Step
          icon="shield"
          title="Guard a service"
          done={false}
          action={
            <ButtonLink to="/guard" {...looks(false)}>
              Get the configuration
            </ButtonLink>
          }
        >
          Put nginx, Traefik or Caddy in front of anything, and only holders of the right token get in.
        </Step>
      </SimpleGrid>
      <EndingSoon />
    </Page>
  );
}

const looks = (next: boolean) => ({ variant: next ? 'filled' : 'light' }) as const;

interface StepProps {
  readonly icon: IconName;
  readonly title: string;
  readonly done: boolean;
  readonly children: ReactNode;
  readonly action: ReactNode;
}

function Step({ icon, title, done, children, action }: StepProps) {
  return (
    <Card>
      <Stack h="100%" gap="sm" align="flex-start">
        <Group justify="space-between" w="100%">
          <ThemeIcon size={42} radius="md" variant="light">
            <Icon name={icon} size={24} />
          </ThemeIcon>
          {done ? (
            <Badge leftSection={<Icon name="check" size={12} />}>Done</Badge>
          ) : (
            <Badge color="gray">2 minutes</Badge>
          )}
        </Group>
        <Title order={2} fz="h4">
          {title}
        </Title>
        <Text size="sm" c="dimmed" flex={1}>
          {children}
        </Text>
        {action}
      </Stack>
    </Card>
  );
}
