import { usageError } from '../failure.ts';

export type VerifySsl = string | boolean | undefined;

const YES = /^(true|1|yes|on)$/i;
const NO = /^(false|0|no|off)$/i;

/**
 * `--verify-ssl` with or without a word behind it, and `--no-verify-ssl`. A word that is none of these was
 * meant for something else: it is handed back as `rest`.
 */
export function readVerifySsl(value: VerifySsl): { readonly verify: boolean | null; readonly rest?: string } {
  if (value === undefined) return { verify: null };
  if (typeof value === 'boolean') return { verify: value };
  if (YES.test(value)) return { verify: true };
  if (NO.test(value)) return { verify: false };
  return { verify: true, rest: value };
}

/** The same where no further word is expected. */
export function verifySslOnly(value: VerifySsl): boolean | null {
  const { verify, rest } = readVerifySsl(value);
  if (rest === undefined) return verify;
  throw usageError(
    `--verify-ssl: '${rest}' is neither true nor false.`,
    'Write --verify-ssl or --no-verify-ssl',
  );
}
