import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { downloadText } from './copy.ts';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icons.tsx';
import classes from './secret-once.module.css';

interface SecretOnceProps {
  readonly secret: string;
  /** What it is, as in `token`. */
  readonly noun: string;
  /** For the file to save. */
  readonly fileName: string;
  readonly onTaken?: () => void;
}

/** A secret that is shown this one time. It lives in the page's memory only and goes with it. */
export function SecretOnce({ secret, noun, fileName, onTaken }: SecretOnceProps) {
  return (
    <Alert color="yellow" icon={<Icon name="key" />} title={`Take the ${noun} with you now`}>
      <Stack gap="sm">
        <Text size="sm">
          It is shown this one time. Tessera keeps only a digest and cannot show it again.
        </Text>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: selected by keyboard where there is no clipboard */}
        <code className={classes.secret} tabIndex={0} data-secret>
          {secret}
        </code>
        <Group gap="xs">
          <CopyButton
            text={secret}
            label={`Copy the ${noun}`}
            variant="filled"
            {...(onTaken ? { onCopied: onTaken } : {})}
          >
            {`Copy the ${noun}`}
          </CopyButton>
          <Button
            variant="default"
            leftSection={<Icon name="download" size={18} />}
            onClick={() => {
              downloadText(fileName, `${secret}\n`);
              onTaken?.();
            }}
          >
            Save as a file
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
