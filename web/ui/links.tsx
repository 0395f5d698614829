import { Anchor, type AnchorProps, Button, type ButtonProps, Text } from '@mantine/core';
import { createLink, Link, type LinkProps } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, ReactNode, Ref } from 'react';

type Attributes<Own> = Own &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Own> & { readonly ref?: Ref<HTMLAnchorElement> };

/** A link to a page of ours that looks like a button; its address is checked by the compiler. */
export const ButtonLink = createLink((props: Attributes<ButtonProps>) => <Button component="a" {...props} />);

/** A link to a page of ours within a text or table. */
export const TextLink = createLink((props: Attributes<AnchorProps>) => <Anchor {...props} />);

interface BackLinkProps extends Pick<LinkProps, 'params'> {
  readonly to: NonNullable<LinkProps['to']>;
  readonly children: ReactNode;
}

/** Above a title: to the list that the page belongs to. */
export const BackLink = ({ to, params, children }: BackLinkProps) => (
  <Text size="sm" mb={4}>
    <Link to={to} {...(params === undefined ? {} : { params })} className="quiet-link">
      {children}
    </Link>
  </Text>
);
