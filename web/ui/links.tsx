import { Anchor, type AnchorProps, Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { type AnchorHTMLAttributes, forwardRef } from 'react';

type Address = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps | keyof ButtonProps>;

/** To another page, as text. */
export const AnchorLink = createLink(
  forwardRef<HTMLAnchorElement, AnchorProps & Address>((props, ref) => <Anchor ref={ref} {...props} />),
);

/** To another page, as a button. */
export const ButtonLink = createLink(
  forwardRef<HTMLAnchorElement, ButtonProps & Address>((props, ref) => (
    <Button component="a" ref={ref} {...props} />
  )),
);
