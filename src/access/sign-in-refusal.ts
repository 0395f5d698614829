import { type Fault, type FaultCode, fault } from '../base/fault.ts';
import { err, type Result } from '../base/result.ts';
import type { SignInCheck } from '../base/sign-in-check.ts';

/** A sign-in that a check ended: the check stands as the field of the fault. */
export function refused(
  check: SignInCheck,
  message: string,
  fix?: string,
  code: FaultCode = 'sign_in_failed',
): Result<never> {
  return err(
    fault(code, `${check}: ${message}`, { fields: [{ field: check, message }], ...(fix ? { fix } : {}) }),
  );
}

/** The check that ended a sign-in. */
export const checkOf = (refusal: Fault): SignInCheck | null =>
  (refusal.fields?.[0]?.field as SignInCheck | undefined) ?? null;
