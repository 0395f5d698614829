import { Alert, Badge, Code, Group, Stack, Text } from '@mantine/core';
import type { Rights } from '../../../src/wire/diagnosis.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';

/** What a task needs beside what the credential holds, and the commands that close the gap. */
export function RightsTable({ rights }: { readonly rights: Rights }) {
  const { task, lines, missing, fix, obsolete = [] } = rights;
  return (
    <Stack gap="sm">
      {missing.length === 0 ? (
        <Alert color="tile" icon={<Icon name="check" />} title={`It holds all that ${task} needs`} />
      ) : (
        <Alert color="red" icon={<Icon name="warning" />} title={`Missing for ${task}`}>
          <Group gap={6}>
            {missing.map((one) => (
              <Code key={one}>{one}</Code>
            ))}
          </Group>
        </Alert>
      )}
      {obsolete.length > 0 && (
        <Text size="sm">This release no longer knows {obsolete.join(', ')}; naming them is an error.</Text>
      )}
      <DataTable
        label={`Rights for ${task}`}
        rows={lines}
        rowKey={({ step, path, needs }) => `${step} ${path} ${needs.join(' ')}`}
        columns={[
          { header: 'To', cell: ({ step }) => step },
          { header: 'On', cell: ({ path }) => <Code>{path}</Code> },
          { header: 'Needs', cell: ({ needs }) => needs.join(' or ') },
          {
            header: 'Held',
            narrow: true,
            cell: ({ held }) => (
              <Badge
                color={held ? 'tile' : 'red'}
                leftSection={<Icon name={held ? 'check' : 'cross'} size={12} />}
              >
                {held ? 'yes' : 'no'}
              </Badge>
            ),
          },
        ]}
      />
      {fix.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            What to do, on the system itself
          </Text>
          <CodeBlock code={fix.join('\n')} label="Copy the commands" />
        </>
      )}
    </Stack>
  );
}
