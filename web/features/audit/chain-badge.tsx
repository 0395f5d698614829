import { Alert, Badge, Button, Code, Group, List, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { tessera } from '../../api/tessera.ts';
import { Icon } from '../../ui/icons.tsx';
import { ErrorState } from '../../ui/states.tsx';

/** Whether the trail was edited, cut or replaced; every row is read for it, so it is done on demand. */
export function ChainBadge() {
  const check = useMutation({ mutationFn: () => tessera.audit.verify() });
  const report = check.data;
  return (
    <>
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<Icon name="shield" size={18} />}
          loading={check.isPending}
          onClick={() => check.mutate()}
        >
          Check the chain
        </Button>
        <span role="status">
          {report?.intact === true && (
            <Badge variant="light" size="lg" tt="none">
              Unbroken: {report.rows} rows
            </Badge>
          )}
          {report === undefined && !check.isPending && (
            <Text span size="sm" c="dimmed">
              Proves that no row was edited, removed or cut off
            </Text>
          )}
        </span>
      </Group>
      {check.error !== null && <ErrorState error={check.error} title="The chain could not be checked" />}
      {report?.intact === false && (
        <Alert color="red" icon={<Icon name="warning" />} title="The trail is not what it was" role="alert">
          <List size="sm">
            {report.faults.map(({ kind, seq, message }) => (
              <List.Item key={`${kind}-${seq}`}>
                Row {seq}: {message} <Code>{kind}</Code>
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}
