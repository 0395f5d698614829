import type { z } from 'zod';
import { type Defined, defined } from '../../../base/defined.ts';
import { ok, type Result } from '../../../base/result.ts';
import type { NewConnection } from '../../../connections/connections.ts';
import type { FallbackWish } from '../../../connections/draft.ts';
import type { TrustWish } from '../../../connections/trust.ts';
import type { TrustInput } from '../../../wire/connection-trust.ts';
import type { CredentialInput, FallbackInput, RightsQuery } from '../../../wire/connections.ts';
import type { Expectations } from '../../../wire/diagnosis.ts';
import { readExpiry } from '../../expiry.ts';

/** From the shapes on the wire to what the room asks for. */

export interface TrustPart {
  readonly trust?: TrustWish;
}

/** An end that is no date of the calendar is refused (`invalid_expiry`). */
export function trustWish(
  input: z.output<typeof TrustInput> | undefined,
  nowSeconds: number,
): Result<TrustPart> {
  if (input === undefined) return ok({});
  switch (input.mode) {
    case 'system':
    case 'ca': {
      const { server_name: serverName } = input;
      const named = serverName === undefined ? {} : { serverName };
      return ok({
        trust: input.mode === 'ca' ? { mode: 'ca', ca: input.ca, ...named } : { mode: 'system', ...named },
      });
    }
    case 'pin':
      return ok({ trust: { mode: 'pin', fingerprint: input.fingerprint } });
    case 'none': {
      const until = readExpiry({ expires_at: input.until }, nowSeconds);
      if (!until.ok) return until;
      return ok({ trust: { mode: 'none', reason: input.reason, until: until.value ?? 0 } });
    }
  }
}

type Wanted = NonNullable<NewConnection['expect']>;

export function expectWish(input: z.output<typeof Expectations> | undefined): { readonly expect?: Wanted } {
  if (input === undefined) return {};
  const { disk_gib, new_guest, guest_name, templates, ...rest } = input;
  return {
    expect: {
      ...defined(rest),
      ...(templates === undefined ? {} : { templates: templates.map(defined) }),
      ...defined({ diskGib: disk_gib, newGuest: new_guest, guestName: guest_name }),
    },
  };
}

export function rightsWish(query: z.output<typeof RightsQuery>): Wanted {
  const { for: _, template, privileges, ...rest } = query;
  const listed = privileges?.split(/[\s,]+/).filter((name) => name !== '');
  return {
    ...defined(rest),
    ...(template === undefined ? {} : { templates: [{ id: template }] }),
    ...(listed === undefined ? {} : { privileges: listed }),
  };
}

export const credentialWish = (input: z.output<typeof CredentialInput>): Defined<typeof input> =>
  defined(input);

export const fallbackWish = (input: z.output<typeof FallbackInput>): FallbackWish => defined(input);
