import { Badge, Card, Code, Group, Stack, Text } from '@mantine/core';
import { CodeBlock } from './code-block.tsx';
import classes from './findings.module.css';
import { Icon } from './icons.tsx';

/** One diagnosis, as far as whoever tells it knows: problems of jobs come without severity and probe. */
export interface Told {
  readonly code: string;
  readonly sentence: string;
  readonly evidence: string;
  readonly fix: string;
  readonly severity?: 'blocking' | 'warning';
  readonly probe?: string;
}

/** What is wrong, what was seen, and what to do, ready to be copied. */
export function FindingCard({ finding }: { readonly finding: Told }) {
  const { severity = 'blocking', code, sentence, evidence, fix, probe } = finding;
  const blocking = severity === 'blocking';
  return (
    <Card
      padding="md"
      className={blocking ? classes.blocking : classes.warning}
      data-finding={code}
      component="article"
      aria-label={`${blocking ? 'Problem' : 'Remark'} ${code}`}
    >
      <Stack gap="xs">
        <Group gap="xs" wrap="nowrap" align="flex-start">
          <Icon name={blocking ? 'cross' : 'warning'} size={20} />
          <Text fw={600} className={classes.foreign}>
            {sentence}
          </Text>
        </Group>
        {fix !== '' && (
          <>
            <Text size="sm" fw={600}>
              What to do
            </Text>
            <CodeBlock code={fix} label="Copy what to do" wraps />
          </>
        )}
        <details className={classes.details}>
          <summary>What was seen</summary>
          <Text size="sm" mt={4} className={classes.foreign}>
            {evidence}
          </Text>
          <Group gap={6} mt={6}>
            <Code>{code}</Code>
            {probe !== undefined && <Badge color="gray">{probe}</Badge>}
          </Group>
        </details>
      </Stack>
    </Card>
  );
}

export function Findings({ findings }: { readonly findings: readonly Told[] }) {
  return (
    <Stack gap="sm">
      {findings.map((finding, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: findings are only ever added at the end
        <FindingCard key={`${finding.code} ${at}`} finding={finding} />
      ))}
    </Stack>
  );
}
