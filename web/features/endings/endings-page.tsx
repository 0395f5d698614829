import { Badge, Card, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Token } from '../../../src/wire/tokens.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { Icon } from '../../ui/icons.tsx';
import { TextLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx';
import { exactTime, Time } from '../../ui/time.tsx';
import classes from './endings.module.css';
import { byMonth, type Ending, heldEndings, issuedEndings, type Month, nearness } from './endings.ts';

const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });

async function allTokens(user: string | undefined): Promise<Token[]> {
  const tokens: Token[] = [];
  for await (const token of tessera.tokens.list(user === undefined ? {} : { user })) tokens.push(token);
  return tokens;
}

/** Everything that will die, issued and held, in the order of its dying. */
export function EndingsPage() {
  const all = useMay('admin:token');
  const reads = useMay('read:connections', 'admin:connections');
  const [side, setSide] = useState<'all' | Ending['side']>('all');
  const tokens = useQuery({
    queryKey: ['tokens', 'endings', all],
    queryFn: () => allTokens(all ? '*' : undefined),
  });
  const connections = useQuery({
    queryKey: ['connections'],
    queryFn: () => tessera.connections.list(),
    enabled: reads,
  });
  const pending = tokens.isPending || (reads && connections.isPending);
  const error = tokens.error ?? connections.error;
  const endings = [...issuedEndings(tokens.data ?? []), ...heldEndings(connections.data?.items ?? [])];
  const shown = endings.filter((one) => side === 'all' || one.side === side);
  return (
    <Page
      title="Expiry calendar"
      lead={
        all
          ? 'Everything that will die: tokens Tessera issued, and credentials it holds for other systems.'
          : 'What will die: your tokens, and the credentials you may see.'
      }
    >
      {pending && <Loading />}
      {error !== null && (
        <ErrorState
          error={error}
          title="Not all of it could be read"
          onRetry={() => {
            void tokens.refetch();
            if (reads) void connections.refetch();
          }}
        />
      )}
      {!pending && endings.length === 0 && error === null && (
        <EmptyState icon="clock" title="Nothing here has an end">
          Tokens and credentials that never end are never missed, and never found. Give new ones an end: 30
          days for people, 90 for machines.
        </EmptyState>
      )}
      {endings.length > 0 && (
        <Stack gap="md">
          <SegmentedControl
            aria-label="Which ones"
            data={[
              { value: 'all', label: 'All' },
              { value: 'issued', label: 'Issued' },
              { value: 'held', label: 'Held' },
            ]}
            value={side}
            onChange={(value) => setSide(value as 'all' | Ending['side'])}
            className={classes.sides ?? ''}
          />
          {shown.length === 0 && <Text c="dimmed">None of these has an end.</Text>}
          {byMonth(shown).map((month) => (
            <MonthCard key={month.month} month={month} />
          ))}
        </Stack>
      )}
    </Page>
  );
}

const NEAR = {
  ended: ['ended', 'red'],
  days: ['within 7 days', 'red'],
  weeks: ['within 30 days', 'yellow'],
  later: null,
} as const;

/** Its name, leading to where it is replaced. */
function What({ ending: { what, connection, token } }: { readonly ending: Ending }) {
  if (connection !== undefined)
    return (
      <TextLink to="/connections/$id" params={{ id: connection }} fw={600}>
        {what}
      </TextLink>
    );
  return token === undefined ? (
    <Text fw={600}>{what}</Text>
  ) : (
    <TextLink to="/tokens/$id" params={{ id: token }} fw={600}>
      {what}
    </TextLink>
  );
}

function MonthCard({ month: { month, endings } }: { readonly month: Month }) {
  const now = Date.now();
  return (
    <Card component="section" aria-label={MONTH.format(new Date(`${month}-01T00:00:00Z`))}>
      <Title order={2} fz="h4" mb="sm">
        {MONTH.format(new Date(`${month}-01T00:00:00Z`))}
      </Title>
      <ol className={classes.days}>
        {endings.map((ending) => {
          const near = NEAR[nearness(ending.at, now)];
          return (
            <li key={ending.key} className={classes.ending}>
              <time className={classes.day} dateTime={ending.at} title={exactTime(ending.at)}>
                {new Date(ending.at).getUTCDate()}
              </time>
              <div className={classes.what}>
                <Group gap="xs">
                  <Icon name={ending.side === 'issued' ? 'key' : 'plug'} size={16} />
                  <What ending={ending} />
                  {near !== null && <Badge color={near[1]}>{near[0]}</Badge>}
                </Group>
                <Text size="sm" c="dimmed">
                  {ending.about}, <Time at={ending.at} />
                </Text>
              </div>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
