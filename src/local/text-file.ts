import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

/** Text of bytes that have to be UTF-8, because they are written back from it. */
export function utf8Text(bytes: Buffer, file: string): Result<string> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return err(fault('invalid_request', `${file} is not UTF-8 text.`, { fix: 'Save it as UTF-8.' }));
  }
}
