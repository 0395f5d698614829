import { Button, Card, Group, Modal, Stack, Tabs, Text, Title } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import { guardSnippet } from '../../../src/client/snippets/guard-snippet.ts';
import { tokenSnippet } from '../../../src/client/snippets/token-snippet.ts';
import type { NewToken } from '../../../src/wire/tokens.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { SecretOnce } from '../../ui/secret-once.tsx';
import { titleOf } from './words.ts';

interface UseOnceProps {
  readonly made: NewToken;
  /** Where the list of such tokens is. */
  readonly list: '/tokens' | '/service-tokens';
}

/** After a token was made: its secret, this one time, and how to use it. */
export function UseOnce({ made, list }: UseOnceProps) {
  const [taken, setTaken] = useState(false);
  const leaving = useBlocker({
    shouldBlockFn: () => !taken,
    enableBeforeUnload: () => !taken,
    withResolver: true,
  });
  const { details, token } = made;
  const server = location.origin;
  const scopes = (details.scopes ?? []).slice(0, 1);
  const snippets = [
    { value: 'curl', label: 'curl', code: tokenSnippet('curl', 'https://service.example.com/', server) },
    {
      value: 'github',
      label: 'GitHub Actions',
      code: tokenSnippet('github', 'https://service.example.com/', server),
    },
    {
      value: 'gitlab',
      label: 'GitLab CI',
      code: tokenSnippet('gitlab', 'https://service.example.com/', server),
    },
    { value: 'nginx', label: 'nginx', code: guardSnippet('nginx', { tesseraUrl: server, scopes }) },
  ];
  return (
    <Stack gap="lg">
      <SecretOnce
        secret={token}
        noun="token"
        fileName={`${titleOf(details).replace(/[^\w.-]+/g, '-')}.token.txt`}
        onTaken={() => setTaken(true)}
      />
      <Card>
        <Stack gap="sm">
          <Title order={2} fz="h4">
            Use it
          </Title>
          <Text c="dimmed" size="sm">
            The token stands in none of these: they read it from where secrets are kept. The nginx
            configuration is for the other side, the service that asks for tokens.
          </Text>
          <Tabs defaultValue="curl" keepMounted={false}>
            <Tabs.List mb="sm">
              {snippets.map(({ value, label }) => (
                <Tabs.Tab key={value} value={value}>
                  {label}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {snippets.map(({ value, label, code }) => (
              <Tabs.Panel key={value} value={value}>
                <CodeBlock code={code} label={`Copy the lines for ${label}`} height={360} />
              </Tabs.Panel>
            ))}
          </Tabs>
        </Stack>
      </Card>
      <Group>
        <ButtonLink to={list}>Done</ButtonLink>
        <ButtonLink to="/tokens/$id" params={{ id: details.id }} variant="default">
          See its details
        </ButtonLink>
      </Group>
      <Modal
        opened={leaving.status === 'blocked'}
        onClose={() => leaving.reset?.()}
        title="Leave without the token?"
      >
        <Stack>
          <Text size="sm">You have neither copied nor saved it, and it cannot be shown again.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => leaving.proceed?.()}>
              Leave
            </Button>
            <Button onClick={() => leaving.reset?.()} data-autofocus>
              Stay
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Stack>
  );
}
