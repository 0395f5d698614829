import { Badge, Card, Code, Group, Stack, Table, Text, Title } from '@mantine/core';
import type { Route, RouteRule } from '../../../src/wire/routes.ts';
import { levelsOf, NEVER } from './levels.ts';

/** Who may do what over a route: its own rules first, as they are asked, then the presets of its kind. */
export function WhoMay({ route }: { readonly route: Route }) {
  const { rules, levels, kind } = route;
  const never = NEVER[kind];
  return (
    <Card>
      <Stack gap="md">
        <Title order={2} fz="h4">
          Who may do what
        </Title>
        {rules.length > 0 && (
          <>
            <Text size="sm">Rules of this route; the first that fits decides.</Text>
            <Table aria-label="Rules of this route" verticalSpacing="xs">
              <Table.Tbody>
                {rules.map((rule) => (
                  <Table.Tr key={JSON.stringify(rule)}>
                    <Table.Td className="break-anywhere">
                      <Code>{methodsOf(rule)}</Code> <Code>{rule.path}</Code>
                    </Table.Td>
                    <Table.Td>
                      <Holder rule={rule} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </>
        )}
        {levels !== null && (
          <Table aria-label="Presets" verticalSpacing="xs">
            <Table.Tbody>
              {levelsOf(kind).map(({ level, words }) => (
                <Table.Tr key={level}>
                  <Table.Td w={{ base: 124, sm: 220 }}>
                    <Code className="break-anywhere">{levels[level]}</Code>
                  </Table.Td>
                  <Table.Td>{words}</Table.Td>
                </Table.Tr>
              ))}
              {never !== undefined && (
                <Table.Tr>
                  <Table.Td>
                    <Badge color="gray" variant="light" tt="none">
                      nobody
                    </Badge>
                  </Table.Td>
                  <Table.Td>{never}</Table.Td>
                </Table.Tr>
              )}
            </Table.Tbody>
          </Table>
        )}
        <Text size="sm" c="dimmed">
          {levels === null
            ? 'What no rule names is refused.'
            : 'A higher level may do what the lower ones may. What is named nowhere is refused.'}
        </Text>
      </Stack>
    </Card>
  );
}

const methodsOf = ({ methods = [] }: RouteRule): string =>
  methods.length === 0 ? 'any method' : methods.join(' ');

function Holder({ rule: { access = 'scopes', scopes = [] } }: { readonly rule: RouteRule }) {
  if (access === 'anyone')
    return (
      <Badge color="red" variant="light" tt="none">
        anyone, without a token
      </Badge>
    );
  if (access === 'never')
    return (
      <Badge color="gray" variant="light" tt="none">
        nobody
      </Badge>
    );
  return (
    <Group gap={6}>
      {scopes.map((scope) => (
        <Code key={scope}>{scope}</Code>
      ))}
    </Group>
  );
}
