import { Button, Group, Stack } from '@mantine/core';
import { TesseraError } from '../../src/client/error.ts';
import { FindingCard, type Told } from './findings.tsx';
import { Icon } from './icons.tsx';
import { ErrorState, type ErrorStateProps } from './states.tsx';

/** Diagnoses are named so; fields of a form are not. */
const FINDING = /^[A-Z][A-Z0-9_]+$/;

/** What stood in the way, as the diagnosis it is; null where it is a refusal like any other. */
export function findingOf(error: unknown): Told | null {
  if (!(error instanceof TesseraError)) return null;
  const [first, ...others] = error.fields.filter(({ field }) => FINDING.test(field));
  if (first === undefined) return null;
  return {
    code: first.field,
    sentence: error.message,
    evidence: [first.message, ...others.map(({ field, message }) => `${field}: ${message}`)].join(' '),
    fix: error.fix ?? '',
  };
}

/** A failure for which another system may be to blame: its diagnosis, with what to do ready to be copied. */
export function DiagnosedError(props: ErrorStateProps) {
  const { error, onRetry } = props;
  const finding = findingOf(error);
  if (finding === null) return <ErrorState {...props} />;
  return (
    <Stack gap="sm" role="alert">
      <FindingCard finding={finding} />
      {onRetry !== undefined && (
        <Group>
          <Button variant="default" leftSection={<Icon name="refresh" size={18} />} onClick={onRetry}>
            Try again
          </Button>
        </Group>
      )}
    </Stack>
  );
}
