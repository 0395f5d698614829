import {
  Alert,
  Button,
  Card,
  Code,
  Group,
  List,
  Skeleton,
  Stack,
  Text,
  ThemeIcon,
  Title,
} from '@mantine/core';
import type { ReactNode } from 'react';
import { TesseraError } from '../../src/client/error.ts';
import { Icon, type IconName } from './icons.tsx';

interface EmptyStateProps {
  readonly icon: IconName;
  readonly title: string;
  /** Why one would want something to be here. */
  readonly children: ReactNode;
  /** The button that ends the emptiness. */
  readonly action?: ReactNode;
}

export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <Card py={48}>
      <Stack align="center" gap="sm" ta="center">
        <ThemeIcon size={52} radius="xl" variant="light">
          <Icon name={icon} size={28} />
        </ThemeIcon>
        <Title order={2} fz="h4">
          {title}
        </Title>
        <Text c="dimmed" maw={460}>
          {children}
        </Text>
        {action}
      </Stack>
    </Card>
  );
}

/** Rows that are on their way. */
export function Loading({
  rows = 4,
  label = 'Loading',
}: {
  readonly rows?: number;
  readonly label?: string;
}) {
  return (
    <Stack gap="sm" aria-busy="true">
      <span className="visually-hidden" role="status">
        {label}
      </span>
      {Array.from({ length: rows }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <Skeleton key={at} height={44} radius="md" />
      ))}
    </Stack>
  );
}

/** What a failure says to a person: the sentence, the way out, the code to search for. */
export function faultOf(
  error: unknown,
): Pick<TesseraError, 'message' | 'fix' | 'code' | 'requestId' | 'fields'> {
  if (error instanceof TesseraError) return error;
  return {
    message: 'The page met something it did not expect.',
    fix: 'Reload it. If it happens again, please report it.',
    code: 'page_failed',
    requestId: undefined,
    fields: [],
  };
}

export interface ErrorStateProps {
  readonly error: unknown;
  /** What was not possible, as in `The tokens could not be read`. */
  readonly title?: string;
  readonly onRetry?: () => void;
}

/** A refusal or failure; where rights are missing, the state for that. */
export function ErrorState({ error, title, onRetry }: ErrorStateProps) {
  if (error instanceof TesseraError && error.code === 'insufficient_scope')
    return <PermissionDenied scopes={error.requiredScopes} />;
  const { message, fix, code, requestId, fields } = faultOf(error);
  return (
    <Alert color="red" icon={<Icon name="warning" />} title={title ?? message} role="alert">
      <Stack gap={6} align="flex-start">
        {title !== undefined && <Text size="sm">{message}</Text>}
        {fields.length > 0 && (
          <List size="sm">
            {fields.map(({ field, message: about }) => (
              <List.Item key={field}>
                <Code>{field}</Code> {about}
              </List.Item>
            ))}
          </List>
        )}
        {fix !== undefined && <Text size="sm">{fix}</Text>}
        <Text size="xs" className="fault-code">
          Code <Code>{code}</Code>
          {requestId !== undefined && (
            <>
              , request <Code>{requestId}</Code>
            </>
          )}
        </Text>
        {onRetry !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="refresh" size={16} />}
            onClick={onRetry}
          >
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** Instead of a page whose scope is not held: says which, and who can help. */
export function PermissionDenied({ scopes }: { readonly scopes: readonly string[] }) {
  return (
    <Card py={48}>
      <Stack align="center" gap="sm" ta="center">
        <ThemeIcon size={52} radius="xl" variant="light" color="gray">
          <Icon name="lock" size={28} />
        </ThemeIcon>
        <Title order={2} fz="h4">
          Your account may not see this
        </Title>
        <Group gap={6} justify="center">
          <Text c="dimmed">It needs</Text>
          {scopes.map((scope) => (
            <Code key={scope}>{scope}</Code>
          ))}
        </Group>
        <Text c="dimmed" maw={460}>
          An administrator can give you a role that holds {scopes.length === 1 ? 'it' : 'one of them'}; it
          works at once, without signing in again.
        </Text>
      </Stack>
    </Card>
  );
}
