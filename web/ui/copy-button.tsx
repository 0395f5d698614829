import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { copyText } from './copy.ts';
import { Icon } from './icons.tsx';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, as in `Copy the token`. */
  readonly label: string;
  /** Words on the button; without, only its sign. */
  readonly children?: string;
  readonly variant?: 'filled' | 'light' | 'default' | 'subtle';
  readonly onCopied?: () => void;
}

type Outcome = 'none' | 'copied' | 'failed';

export function CopyButton({ text, label, children, variant, onCopied }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<Outcome>('none');
  useEffect(() => {
    if (outcome === 'none') return;
    const timer = setTimeout(() => setOutcome('none'), 2500);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    const copied = await copyText(text);
    setOutcome(copied ? 'copied' : 'failed');
    if (copied) onCopied?.();
  };
  const said = { none: label, copied: 'Copied', failed: 'Copying is not allowed here: select the text' }[
    outcome
  ];
  const icon = (
    <Icon name={outcome === 'copied' ? 'check' : outcome === 'failed' ? 'cross' : 'copy'} size={18} />
  );
  return (
    <>
      {children === undefined ? (
        <Tooltip label={said}>
          <ActionIcon variant={variant ?? 'subtle'} color="gray" aria-label={label} onClick={copy}>
            {icon}
          </ActionIcon>
        </Tooltip>
      ) : (
        <Button variant={variant ?? 'default'} leftSection={icon} onClick={copy} title={label}>
          {outcome === 'none' ? children : outcome === 'copied' ? 'Copied' : 'Not allowed'}
        </Button>
      )}
      <span className="visually-hidden" role="status">
        {outcome === 'none' ? '' : said}
      </span>
    </>
  );
}
