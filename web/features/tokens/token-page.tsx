import { Alert, Button, Card, Code, List, SimpleGrid, Stack, Text, Timeline, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { TokenDetail, TokenHistory } from '../../../src/wire/tokens.ts';
import { useScopes } from '../../api/catalogue.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { actorWords } from '../../ui/actor.ts';
import { Facts } from '../../ui/facts.tsx';
import { Icon } from '../../ui/icons.tsx';
import { BackLink, ButtonLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { exactTime, Time } from '../../ui/time.tsx';
import { ChangeDialog } from './change-dialog.tsx';
import { LastUse } from './last-use.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import { TokenState } from './token-state.tsx';
import { KIND_NAMES, titleOf } from './words.ts';

export function TokenPage() {
  const { id } = useParams({ from: '/shell/tokens/$id' });
  const token = useQuery({ queryKey: ['tokens', 'one', id], queryFn: () => tessera.tokens.get(id) });
  if (token.data === undefined)
    return (
      <Page title="Token">
        {token.error === null ? (
          <Loading label="Loading the token" />
        ) : (
          <ErrorState error={token.error} onRetry={() => token.refetch()} />
        )}
      </Page>
    );
  return <Detail token={token.data} />;
}

function Detail({ token }: { readonly token: TokenDetail }) {
  const [asking, setAsking] = useState<'change' | 'revoke' | null>(null);
  const mayChange = useMay('admin:token') && token.type === 'user';
  const mayReadTrail = useMay('read:audit');
  const close = (): void => setAsking(null);
  const list = token.type === 'service' ? '/service-tokens' : '/tokens';
  return (
    <Page
      title={titleOf(token)}
      lead={token.description === '' ? KIND_NAMES[token.type] : token.description}
      back={<BackLink to={list}>{token.type === 'service' ? 'Service tokens' : 'Security tokens'}</BackLink>}
      actions={
        <>
          {mayReadTrail && (
            <ButtonLink to="/audit" search={{ token: token.id }} variant="default">
              What it did
            </ButtonLink>
          )}
          {token.state === 'active' && mayChange && (
            <Button variant="default" onClick={() => setAsking('change')}>
              Change
            </Button>
          )}
          {token.state === 'active' && (
            <Button color="red" variant="light" onClick={() => setAsking('revoke')}>
              Revoke
            </Button>
          )}
        </>
      }
    >
      {token.state === 'revoked' && (
        <Alert color="red" icon={<Icon name="cross" />} title="Revoked">
          {token.revoked_by ?? 'Somebody'} revoked it{' '}
          {token.revoked_at === null ? '' : exactTime(token.revoked_at)}. It is refused everywhere.
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Card>
          <Title order={2} fz="h4" mb="sm">
            About it
          </Title>
          <Facts
            facts={[
              ['State', <TokenState key="state" token={token} />],
              ['Kind', KIND_NAMES[token.type]],
              ['Acts as', token.username],
              ['Made', <Made key="made" token={token} />],
              ['Ends', <Time key="ends" at={token.expires_at} />],
              ['Last used', <LastUse key="use" token={token} />],
              ['Id', <Code key="id">{token.id}</Code>],
              ...(token.parent === null
                ? []
                : [
                    [
                      'Made from',
                      <Link key="parent" to="/tokens/$id" params={{ id: token.parent }}>
                        its parent
                      </Link>,
                    ] as const,
                  ]),
            ]}
          />
        </Card>
        <Card>
          <Title order={2} fz="h4" mb="sm">
            What it may do now
          </Title>
          <Allowed token={token} />
        </Card>
      </SimpleGrid>
      <Card>
        <Title order={2} fz="h4" mb="md">
          History
        </Title>
        <History id={token.id} />
      </Card>
      <ChangeDialog token={token} opened={asking === 'change'} onClose={close} />
      <RevokeDialog token={asking === 'revoke' ? token : null} onClose={close} />
    </Page>
  );
}

const Made = ({ token }: { readonly token: TokenDetail }) => (
  <>
    <Time at={token.created_at} /> by {actorWords(token.created_by)}
  </>
);

function Allowed({ token }: { readonly token: TokenDetail }) {
  const scopes = useScopes();
  const lost = (token.scopes ?? []).filter((name) => !token.effective_scopes.includes(name));
  if (token.state !== 'active') return <Text c="dimmed">Nothing: it has ended.</Text>;
  return (
    <Stack gap="sm">
      {token.effective_scopes.length === 0 ? (
        <Text c="dimmed">Nothing at this moment.</Text>
      ) : (
        <List spacing={6} size="sm" listStyleType="none">
          {token.effective_scopes.map((name) => (
            <List.Item key={name}>
              {scopes.find((scope) => scope.name === name)?.description ?? name} <Code>{name}</Code>
            </List.Item>
          ))}
        </List>
      )}
      {lost.length > 0 && (
        <Alert color="orange" icon={<Icon name="warning" />} title="Without effect">
          It was made with {lost.join(', ')}, which its owner does not hold now.
        </Alert>
      )}
      <Text size="sm" c="dimmed">
        {token.roles === null
          ? 'It is bound to no roles.'
          : `It counts as long as ${token.username} holds: ${token.roles.join(', ')}.`}{' '}
        {token.children.length === 0
          ? 'Nothing was made from it.'
          : token.children.length === 1
            ? 'One delegated token was made from it.'
            : `${token.children.length} delegated tokens were made from it.`}
      </Text>
    </Stack>
  );
}

type Change = TokenHistory['items'][number];
const DID: Readonly<Record<Change['action'], string>> = {
  create: 'Made',
  edit: 'Changed',
  revoke: 'Revoked',
  expire: 'Expired',
};

function History({ id }: { readonly id: string }) {
  const history = useQuery({
    queryKey: ['tokens', 'history', id],
    queryFn: () => tessera.tokens.history(id),
  });
  if (history.error !== null) return <ErrorState error={history.error} onRetry={() => history.refetch()} />;
  if (history.data === undefined) return <Loading rows={2} label="Loading the history" />;
  return (
    <Timeline bulletSize={14} lineWidth={2}>
      {history.data.items.map((change) => (
        <Timeline.Item key={`${change.at} ${change.action}`} title={DID[change.action]}>
          <Text size="sm" c="dimmed">
            <Time at={change.at} />, by {actorWords(change.actor)}
            {change.address === null ? '' : ` from ${change.address}`}
          </Text>
          {whatChanged(change).map((line) => (
            <Text key={line} size="sm">
              {line}
            </Text>
          ))}
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

function whatChanged(change: Change): string[] {
  if (change.action !== 'edit') return [];
  const end = (at: string | null): string => (at === null ? 'never' : exactTime(at));
  return [
    ...(change.old_name === undefined
      ? []
      : [`Name: ${change.old_name ?? 'none'}, now ${change.name ?? 'none'}`]),
    ...(change.old_scopes === undefined
      ? []
      : [`Scopes: ${change.old_scopes.join(', ') || 'none'}, now ${change.scopes.join(', ') || 'none'}`]),
    ...(change.old_expires_at === undefined
      ? []
      : [`Ends: ${end(change.old_expires_at)}, now ${end(change.expires_at)}`]),
  ];
}
