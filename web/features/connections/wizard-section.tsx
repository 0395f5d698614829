import { Button, Card, Group, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from '../../ui/icons.tsx';

interface WizardSectionProps {
  readonly number: number;
  readonly title: string;
  readonly state: 'done' | 'current' | 'waiting';
  /** What was decided, once it was. */
  readonly summary?: string;
  readonly onChange?: () => void;
  readonly children: ReactNode;
}

/** One question of a conversation; answered ones fold up and can be opened again. */
export function WizardSection(props: WizardSectionProps) {
  const { number, title, state, summary, onChange, children } = props;
  return (
    <Card component="section" aria-label={title} aria-current={state === 'current' ? 'step' : undefined}>
      <Stack gap="md">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Group gap="sm" wrap="nowrap" align="flex-start">
            <ThemeIcon
              radius="xl"
              size={28}
              variant={state === 'current' ? 'filled' : 'default'}
              aria-hidden="true"
            >
              {state === 'done' ? <Icon name="check" size={16} /> : number}
            </ThemeIcon>
            <div>
              <Title order={2} fz="h4" {...(state === 'waiting' ? { c: 'dimmed' } : {})}>
                {title}
              </Title>
              {state === 'done' && summary !== undefined && (
                <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                  {summary}
                </Text>
              )}
            </div>
          </Group>
          {state === 'done' && onChange !== undefined && (
            <Button
              size="xs"
              variant="default"
              flex="none"
              onClick={onChange}
              aria-label={`Change: ${title}`}
            >
              Change
            </Button>
          )}
        </Group>
        {state === 'current' && children}
      </Stack>
    </Card>
  );
}
