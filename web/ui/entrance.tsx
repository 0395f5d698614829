import { Box, Card, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { Mark } from './icons.tsx';

interface EntranceProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of what is seen before anybody is signed in. */
export function Entrance({ title, lead, children }: EntranceProps) {
  useEffect(() => {
    document.title = `${title} · Tessera`;
  }, [title]);
  return (
    <Box component="main" maw={440} mx="auto" px="md" py={{ base: 40, sm: 88 }}>
      <Stack gap="lg">
        <Group gap="sm" justify="center">
          <Mark size={36} />
          <Text fw={700} fz={26}>
            Tessera
          </Text>
        </Group>
        <Card padding="xl">
          <Stack gap="md">
            <Box>
              <Title order={1} fz="h3">
                {title}
              </Title>
              {lead !== undefined && (
                <Text c="dimmed" size="sm" mt={4}>
                  {lead}
                </Text>
              )}
            </Box>
            {children}
          </Stack>
        </Card>
      </Stack>
    </Box>
  );
}
