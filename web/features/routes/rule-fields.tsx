import {
  ActionIcon,
  Button,
  Card,
  Group,
  NativeSelect,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import type { RouteRule } from '../../../src/wire/routes.ts';
import { Icon } from '../../ui/icons.tsx';

/** A rule while it is written; the key tells rows apart that are still alike. */
export interface DraftRule {
  readonly key: number;
  readonly methods: string[];
  readonly path: string;
  readonly access: NonNullable<RouteRule['access']>;
  readonly scopes: string[];
}

const ACCESS = [
  { value: 'scopes', label: 'holders of one of these scopes' },
  { value: 'anyone', label: 'anyone, without a token' },
  { value: 'never', label: 'nobody' },
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

let nextKey = 0;
export const draftOf = ({ methods = [], path, access = 'scopes', scopes = [] }: RouteRule): DraftRule => ({
  key: nextKey++,
  methods,
  path,
  access,
  scopes,
});
export const ruleOf = ({ methods, path, access, scopes }: DraftRule): RouteRule => ({
  methods,
  path: path.trim(),
  access,
  scopes: access === 'scopes' ? scopes : [],
});

interface RuleFieldsProps {
  readonly rules: readonly DraftRule[];
  readonly onChange: (rules: DraftRule[]) => void;
  /** Scopes to suggest. */
  readonly scopes: readonly string[];
  readonly errors: Readonly<Record<string, string | undefined>>;
}

export function RuleFields({ rules, onChange, scopes, errors }: RuleFieldsProps) {
  const change = (key: number, wish: Partial<DraftRule>): void =>
    onChange(rules.map((rule) => (rule.key === key ? { ...rule, ...wish } : rule)));
  return (
    <Stack gap="sm">
      {rules.map((rule, at) => (
        <Card key={rule.key} padding="sm" component="fieldset">
          <Text component="legend" className="visually-hidden">
            Rule {at + 1}
          </Text>
          <Stack gap="xs">
            <Group justify="space-between">
              <Text size="sm" fw={600} aria-hidden="true">
                Rule {at + 1}
              </Text>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove rule ${at + 1}`}
                onClick={() => onChange(rules.filter(({ key }) => key !== rule.key))}
              >
                <Icon name="trash" size={18} />
              </ActionIcon>
            </Group>
            <TextInput
              label="Path"
              description="* stands for a part, ** at the end for all that follows"
              placeholder="/topics/**"
              required
              withAsterisk={false}
              spellCheck={false}
              value={rule.path}
              error={errors[`rules[${at}].path`]}
              onChange={(event) => change(rule.key, { path: event.currentTarget.value })}
            />
            <TagsInput
              label="Methods"
              placeholder={rule.methods.length === 0 ? 'any method' : ''}
              data={METHODS}
              value={rule.methods}
              onChange={(methods) => change(rule.key, { methods: methods.map((one) => one.toUpperCase()) })}
            />
            <NativeSelect
              label="Who"
              data={ACCESS}
              value={rule.access}
              onChange={(event) =>
                change(rule.key, { access: event.currentTarget.value as DraftRule['access'] })
              }
            />
            {rule.access === 'scopes' && (
              <TagsInput
                label="Scopes"
                data={[...scopes]}
                value={rule.scopes}
                error={errors[`rules[${at}].scopes`]}
                onChange={(wish) => change(rule.key, { scopes: wish })}
              />
            )}
          </Stack>
        </Card>
      ))}
      <Group>
        <Button
          variant="default"
          leftSection={<Icon name="plus" size={18} />}
          onClick={() => onChange([...rules, draftOf({ path: '' })])}
        >
          Add a rule
        </Button>
      </Group>
    </Stack>
  );
}
