import { Checkbox, Code, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import classes from './choice-list.module.css';

export interface Choice {
  readonly name: string;
  /** What it means, in words. */
  readonly description: string;
  /** Why it cannot be chosen. */
  readonly barred?: string;
}

interface ChoiceListProps {
  readonly label: string;
  readonly description?: string;
  readonly choices: readonly Choice[];
  readonly value: readonly string[];
  readonly onChange: (value: string[]) => void;
  readonly error?: string | undefined;
}

/** So many that one looks for them by name. */
const MANY = 12;

/** Scopes or roles to choose from, each with its meaning. */
export function ChoiceList({ label, description, choices, value, onChange, error }: ChoiceListProps) {
  const [sought, setSought] = useState('');
  const text = sought.toLowerCase();
  const found = choices.filter(
    ({ name, description: meaning }) =>
      name.toLowerCase().includes(text) || meaning.toLowerCase().includes(text),
  );
  return (
    <Checkbox.Group
      label={label}
      description={description}
      error={error}
      value={[...value]}
      onChange={(names) => onChange([...names])}
    >
      {choices.length > MANY && (
        <TextInput
          mt="xs"
          aria-label={`Find in ${label}`}
          placeholder="Find by name or meaning"
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
        />
      )}
      <div className={classes.list}>
        {found.map(({ name, description: meaning, barred }) => (
          <Checkbox
            key={name}
            value={name}
            disabled={barred !== undefined}
            label={
              <Stack gap={0}>
                <Text size="sm">{meaning === '' ? name : meaning}</Text>
                <Text size="xs" c="dimmed">
                  <Code>{name}</Code> {barred}
                </Text>
              </Stack>
            }
          />
        ))}
        {found.length === 0 && (
          <Text size="sm" c="dimmed">
            Nothing is called that.
          </Text>
        )}
      </div>
    </Checkbox.Group>
  );
}
