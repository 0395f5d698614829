import { isIP } from 'node:net';
import { z } from 'zod';
import { MINUTE } from '../base/clock.ts';
import { DURATION, durationSeconds } from '../base/duration.ts';

/** `12h`, `90d`: in seconds. */
export const duration = (shortest: number) =>
  z
    .string()
    .regex(DURATION, 'write a number and a unit, such as 12h or 90d')
    .transform(durationSeconds)
    .refine((length) => length >= shortest, `must be at least ${shortest / MINUTE} minutes`);

export const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number')
  .transform(Number)
  .refine((n) => n <= 65_535, 'must be at most 65535');

/** An address or name to listen on. */
export const host = z
  .string()
  .refine(
    (text) => /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(text) || isIP(text) !== 0,
    'must be an address or a host name, such as 127.0.0.1 or 0.0.0.0',
  )
  .refine((text) => URL.canParse(`http://${urlHost(text)}/`), 'must be an address that can stand in a URL');

export const urlHost = (name: string): string =>
  name === '0.0.0.0' || name === '::' ? 'localhost' : name.includes(':') ? `[${name}]` : name;

export const origin = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    context.addIssue({ code: 'custom', message: 'must be http:// or https:// and a host, without a path' });
    return z.NEVER;
  }
  return url.origin;
});

/** Addresses and networks in CIDR form (RFC 4632 section 3.1, RFC 4291 section 2.3), separated by commas. */
export const networks = z
  .string()
  .transform((text) => items(text, ','))
  .superRefine((list, context) => {
    for (const item of list) {
      if (!isNetwork(item))
        context.addIssue({
          code: 'custom',
          message: `'${item}' is neither an address nor a network such as 10.0.0.0/8; several are separated by commas`,
        });
    }
  });

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  return bits === undefined || Number(bits) <= (family === 4 ? 32 : 128);
}

const SCOPE_LENGTH_MAX = 128;

/** `name=description; name=description` */
export const scopes = z.string().transform((text, context) => {
  const found: Record<string, string> = {};
  for (const item of items(text, ';')) {
    const [, name = '', description = ''] = /^([a-zA-Z0-9:._-]+)\s*=\s*(.+)$/s.exec(item) ?? [];
    if (name === '') {
      context.addIssue({ code: 'custom', message: `'${item}' is not of the form name=description` });
    } else if (name.length > SCOPE_LENGTH_MAX) {
      context.addIssue({ code: 'custom', message: `'${name}' has more than ${SCOPE_LENGTH_MAX} characters` });
    } else {
      found[name] = description;
    }
  }
  return found;
});

const items = (text: string, separator: string): string[] =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
