import { Autocomplete, Button, Card, Group, NativeSelect, SimpleGrid, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../ui/icons.tsx';
import { type AuditSearch, BETWEEN, PERIODS } from './filter.ts';

/** Suggested; any other may be typed. */
const ACTIONS = [
  'token.created',
  'token.revoked',
  'token.edited',
  'session.created',
  'session.refused',
  'request.refused',
  'guard.refused',
  'route.used',
  'route.refused',
  'connection.used',
  'connection.tested',
  'connection.fell_back',
  'user.created',
  'role.granted',
  'role.withdrawn',
];

interface AuditFiltersProps {
  readonly search: AuditSearch;
  readonly onChange: (search: AuditSearch) => void;
}

export function AuditFilters({ search, onChange }: AuditFiltersProps) {
  const [draft, setDraft] = useState<AuditSearch>(search);
  const text = (name: 'actor' | 'subject' | 'token' | 'route') => ({
    value: draft[name] ?? '',
    onChange: (event: React.ChangeEvent<HTMLInputElement>) =>
      setDraft({ ...draft, [name]: event.currentTarget.value.trim() || undefined }),
    maxLength: 128,
    autoCapitalize: 'none',
    spellCheck: false,
  });
  const day = (name: 'from' | 'to') => ({
    value: draft[name] ?? '',
    onChange: (event: React.ChangeEvent<HTMLInputElement>) =>
      setDraft({ ...draft, [name]: event.currentTarget.value || undefined }),
  });
  return (
    <Card
      component="form"
      role="search"
      aria-label="Rows of the trail"
      onSubmit={(event: React.FormEvent) => {
        event.preventDefault();
        onChange(draft);
      }}
    >
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        <TextInput label="Who" placeholder="alice" {...text('actor')} />
        <Autocomplete
          label="What"
          placeholder="token.created"
          data={ACTIONS}
          maxLength={64}
          value={draft.action ?? ''}
          onChange={(action) => setDraft({ ...draft, action: action.trim() || undefined })}
        />
        <TextInput label="To what" placeholder="a user, token or role" {...text('subject')} />
        <TextInput label="With which token" placeholder="id of a token" {...text('token')} />
        <TextInput label="Over which route" placeholder="lab" {...text('route')} />
        <NativeSelect
          label="When"
          data={[
            { value: '', label: 'At any time' },
            ...PERIODS.map(({ value, label }) => ({ value, label })),
            { value: BETWEEN, label: 'Between two days' },
          ]}
          value={draft.within ?? ''}
          onChange={(event) => setDraft({ ...draft, within: event.currentTarget.value || undefined })}
        />
        {draft.within === BETWEEN && (
          <>
            <TextInput type="date" label="From the day" max={draft.to} {...day('from')} />
            <TextInput type="date" label="Up to and with" min={draft.from} {...day('to')} />
          </>
        )}
      </SimpleGrid>
      <Group gap="xs" mt="sm">
        <Button type="submit" leftSection={<Icon name="search" size={18} />}>
          Search
        </Button>
        <Button
          variant="default"
          onClick={() => {
            setDraft({});
            onChange({});
          }}
        >
          Show everything
        </Button>
      </Group>
    </Card>
  );
}
