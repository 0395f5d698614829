import { Box } from '@mantine/core';
import classes from './code-block.module.css';
import { CopyButton } from './copy-button.tsx';

interface CodeBlockProps {
  readonly code: string;
  /** What it is, as in `Copy the nginx configuration`. */
  readonly label: string;
  /** Pixels before it scrolls; none unless told. */
  readonly height?: number;
  /** Lines break instead of scrolling: for prose with commands in it. */
  readonly wraps?: boolean;
}

/** Commands and configuration to take along. */
export function CodeBlock({ code, label, height, wraps }: CodeBlockProps) {
  return (
    <Box className={classes.block}>
      <pre
        className={classes.code}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        data-wraps={wraps}
        style={height === undefined ? undefined : { maxHeight: height }}
      >
        {code}
      </pre>
      <Box className={classes.copy}>
        <CopyButton text={code} label={label} />
      </Box>
    </Box>
  );
}
