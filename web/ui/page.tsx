import { Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import classes from './page.module.css';

interface PageProps {
  /** Heading of the page, and title of the browser's tab. */
  readonly title: string;
  /** One sentence on what can be done here. */
  readonly lead?: ReactNode;
  /** Buttons beside the heading. */
  readonly actions?: ReactNode;
  /** Where one came from, above the heading. */
  readonly back?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page. Moving to a page moves the focus to its heading, so that it is read out. */
export function Page({ title, lead, actions, back, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tessera`;
  }, [title]);
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body)
      heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <Stack gap="lg">
      <div className={classes.head}>
        <div>
          {back}
          <Title order={1} fz="h2" ref={heading} tabIndex={-1} className={classes.heading}>
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" mt={4} maw={720}>
              {lead}
            </Text>
          )}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </Stack>
  );
}
