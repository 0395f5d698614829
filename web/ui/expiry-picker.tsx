import { Chip, Group, Input, TextInput } from '@mantine/core';
import { dayOf } from './time.tsx';

/** When something is to end: days from now, on a date, or never. */
export type Expiry =
  | { readonly kind: 'days'; readonly days: number }
  | { readonly kind: 'date'; readonly date: string }
  | { readonly kind: 'never' };

const DAY_MS = 86_400_000;
const PRESETS: readonly (readonly [days: number, label: string])[] = [
  [7, '7 days'],
  [30, '30 days'],
  [90, '90 days'],
  [365, '1 year'],
];

interface ExpiryPickerProps {
  readonly value: Expiry;
  readonly onChange: (value: Expiry) => void;
  readonly error?: string | undefined;
}

export function ExpiryPicker({ value, onChange, error }: ExpiryPickerProps) {
  const chosen = value.kind === 'days' ? String(value.days) : value.kind;
  const choose = (key: string): void => {
    if (key === 'never') onChange({ kind: 'never' });
    else if (key === 'date') onChange({ kind: 'date', date: dateIn(30) });
    else onChange({ kind: 'days', days: Number(key) });
  };
  return (
    <Input.Wrapper
      label="Expires"
      labelElement="div"
      description="The shorter it lives, the less a lost one is worth."
      error={error}
    >
      <Chip.Group value={chosen} onChange={choose}>
        <Group gap="xs" mt={8} role="radiogroup" aria-label="Expires">
          {PRESETS.map(([days, label]) => (
            <Chip key={days} value={String(days)}>
              {label}
            </Chip>
          ))}
          <Chip value="date">On a date</Chip>
          <Chip value="never">Never</Chip>
        </Group>
      </Chip.Group>
      {value.kind === 'date' && (
        <TextInput
          mt="sm"
          w={200}
          type="date"
          aria-label="Date of expiry"
          min={dateIn(1)}
          required
          value={value.date}
          onChange={(event) => onChange({ kind: 'date', date: event.currentTarget.value })}
        />
      )}
    </Input.Wrapper>
  );
}

/** As requests want it. A date counts from its first moment in UTC, so what is meant to work on it ends the day after. */
export function expiryRequest(expiry: Expiry): { expires_in: string } | { expires_at: string | null } {
  if (expiry.kind === 'days') return { expires_in: `${expiry.days}d` };
  return { expires_at: expiry.kind === 'never' ? null : expiry.date };
}

/** How a token of this life ends, as a sentence. */
export function endSentence(expiry: Expiry): string {
  if (expiry.kind === 'never') return 'It never expires; only revoking ends it.';
  const at = expiry.kind === 'date' ? expiry.date : new Date(Date.now() + expiry.days * DAY_MS).toISOString();
  return `It expires ${Number.isNaN(Date.parse(at)) ? 'on the date chosen' : `on ${dayOf(at)}`}.`;
}

const dateIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
