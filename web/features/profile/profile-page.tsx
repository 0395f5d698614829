import { Badge, Card, Code, Group, List, SimpleGrid, Text, Title } from '@mantine/core';
import { useScopes } from '../../api/catalogue.ts';
import { useMe } from '../../api/session.ts';
import { Facts } from '../../ui/facts.tsx';
import { TextLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { Time } from '../../ui/time.tsx';
import { PasswordChange } from './password-change.tsx';

/** Who one is here, what one may do, and one's password. */
export function ProfilePage() {
  const me = useMe();
  const scopes = useScopes();
  return (
    <Page title="Your account" lead="Who you are here and what you may do.">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Card>
          <Title order={2} fz="h4" mb="sm">
            You
          </Title>
          <Facts
            facts={[
              ['User name', me.username],
              ['Name', me.user?.name ?? 'not set'],
              ['Mail', me.user?.email ?? 'not set'],
              [
                'Roles',
                <Group key="roles" gap={4}>
                  {me.roles.map((role) => (
                    <Badge key={role} color="indigo">
                      {role}
                    </Badge>
                  ))}
                </Group>,
              ],
              ['This session', <SessionEnd key="session" at={me.token?.expires_at ?? null} />],
              [
                'Other sessions',
                <TextLink key="sessions" to="/tokens" search={{ kind: 'session' }} inherit>
                  See and end them
                </TextLink>,
              ],
            ]}
          />
        </Card>
        {me.user?.has_password === true && <PasswordChange username={me.username} />}
      </SimpleGrid>
      <Card>
        <Title order={2} fz="h4" mb="sm">
          What you may do
        </Title>
        <List spacing={6} size="sm" listStyleType="none">
          {me.scopes.map((name) => (
            <List.Item key={name}>
              {scopes.find((scope) => scope.name === name)?.description ?? name} <Code>{name}</Code>
            </List.Item>
          ))}
        </List>
        {me.scopes.length === 0 && <Text c="dimmed">Nothing: ask an administrator for a role.</Text>}
      </Card>
    </Page>
  );
}

const SessionEnd = ({ at }: { readonly at: string | null }) => (
  <>
    ends <Time at={at} never="when you sign out" />
  </>
);
