import { Card, Stack, Tabs, Text, Title } from '@mantine/core';
import { routeSnippet, SNIPPET_TOOLS } from '../../../src/client/snippets/route-snippet.ts';
import type { Route } from '../../../src/wire/routes.ts';
import { CodeBlock } from '../../ui/code-block.tsx';

/** How an unmodified tool uses the route. */
export function Snippets({ route }: { readonly route: Route }) {
  const tools = SNIPPET_TOOLS[route.kind];
  return (
    <Card>
      <Stack gap="md">
        <div>
          <Title order={2} fz="h4">
            Use it
          </Title>
          <Text size="sm" c="dimmed">
            The tools stay as they are. A token of yours goes into TESSERA_TOKEN.
          </Text>
        </div>
        <Tabs defaultValue={tools[0] ?? 'curl'} keepMounted={false}>
          <Tabs.List aria-label="Tools">
            {tools.map((tool) => (
              <Tabs.Tab key={tool} value={tool}>
                {tool}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {tools.map((tool) => (
            <Tabs.Panel key={tool} value={tool} pt="sm">
              <CodeBlock
                code={routeSnippet(tool, { route, server: location.origin })}
                label={`Copy the ${tool} configuration`}
              />
            </Tabs.Panel>
          ))}
        </Tabs>
      </Stack>
    </Card>
  );
}
