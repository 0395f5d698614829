import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/**
 * Random interleavings of mint, role changes, disabling, revoking, the passing of time and restarts, against a
 * small model of what each token should allow. Two processes answer; both must agree with the model.
 */
const START = Date.UTC(2026, 0, 1);
const SCOPES = ['read:image', 'write:image', 'exec:run'];
const ROLES: Record<string, string[]> = {
  viewer: ['read:image'],
  editor: ['read:image', 'write:image'],
  runner: ['exec:run'],
};
const GUARDED = { 'x-original-url': 'https://app.example.com/', 'x-original-method': 'GET' };

interface ModelToken {
  readonly text: string;
  readonly id: string;
  readonly owner: string;
  /** A role taken from the owner is taken from the token for good. */
  roles: string[];
  readonly scopes: string[] | null;
  readonly expiresAt: number;
  revoked: boolean;
}

interface Model {
  now: number;
  readonly users: Map<string, { roles: Set<string>; disabled: boolean }>;
  readonly tokens: ModelToken[];
}

function allows(model: Model, token: ModelToken, scope: string): boolean {
  const owner = model.users.get(token.owner);
  if (owner === undefined || owner.disabled || token.revoked || token.expiresAt * 1000 <= model.now)
    return false;
  if (token.scopes !== null && !token.scopes.includes(scope)) return false;
  return token.roles.some((role) => owner.roles.has(role) && (ROLES[role] ?? []).includes(scope));
}

const user = fc.constantFrom('ann', 'bob');
const role = fc.constantFrom(...Object.keys(ROLES));
const command = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('mint' as const),
      user,
      scopes: fc.option(fc.subarray(SCOPES), { nil: null }),
      minutes: fc.integer({ min: 5, max: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('grant' as const), user, role }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('withdraw' as const), user, role }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('revoke' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disable' as const), user, disabled: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

type Command = typeof command extends fc.Arbitrary<infer Step> ? Step : never;

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let other: TestServer;
  const model: Model = { now: START, users: new Map(), tokens: [] };
  let run = 0;
  const clock = (): number => model.now;

  beforeAll(async () => {
    server = await startTestServer({ engine, clock, environment: { TESSERA_SESSION_LIFETIME: '3650d' } });
    for (const name of SCOPES) await admin('POST', '/api/v1/scopes', { name, description: name });
    for (const [name, scopes] of Object.entries(ROLES))
      await admin('POST', '/api/v1/roles', { name, scopes });
    other = await server.replica();
  });
  afterAll(async () => {
    await other.close();
    await server.close();
  });

  const admin = async (method: string, path: string, body?: unknown) => {
    const answer = await server.call(method, path, { token: server.admin, body });
    expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
    return answer.json;
  };

  async function execute(step: Command, prefix: string): Promise<void> {
    const name = 'user' in step ? `${prefix}${step.user}` : '';
    const person = model.users.get(name);
    switch (step.do) {
      case 'mint': {
        if (person === undefined || person.disabled) return;
        const expiresAt = Math.floor(model.now / 1000) + step.minutes * 60;
        // An administrator names roles, so that no scope is granted beyond what the owner holds.
        const roles = [...person.roles].sort();
        const minted = await admin('POST', '/api/v1/tokens', {
          user: name,
          name: `t${model.tokens.length}`,
          roles,
          ...(step.scopes === null ? {} : { scopes: step.scopes }),
          expires_at: new Date(expiresAt * 1000).toISOString(),
        });
        const { scopes } = step;
        const { id } = minted.details;
        model.tokens.push({ text: minted.token, id, owner: name, roles, scopes, expiresAt, revoked: false });
        return;
      }
      case 'grant':
        await admin('PUT', `/api/v1/users/${name}/roles/${step.role}`);
        person?.roles.add(step.role);
        return;
      case 'withdraw':
        await admin('DELETE', `/api/v1/users/${name}/roles/${step.role}`);
        person?.roles.delete(step.role);
        for (const token of model.tokens) {
          if (token.owner === name) token.roles = token.roles.filter((held) => held !== step.role);
        }
        return;
      case 'revoke': {
        const token = model.tokens.filter((candidate) => candidate.owner.startsWith(prefix))[step.which];
        if (token === undefined || token.revoked) return;
        await admin('DELETE', `/api/v1/tokens/${token.id}`);
        token.revoked = true;
        return;
      }
      case 'disable':
        await admin('PATCH', `/api/v1/users/${name}`, { disabled: step.disabled });
        if (person !== undefined) person.disabled = step.disabled;
        return;
      case 'wait':
        model.now += step.minutes * 60_000;
        return;
      case 'restart':
        await other.close();
        other = await server.replica();
        return;
    }
  }

  async function compare(prefix: string): Promise<void> {
    for (const token of model.tokens.filter((candidate) => candidate.owner.startsWith(prefix))) {
      for (const scope of SCOPES) {
        const expected = allows(model, token, scope) ? 200 : 'refused';
        const ask = async (at: TestServer) => {
          const { status } = await at.call('GET', `/ingress/auth?scope=${scope}`, {
            token: token.text,
            headers: GUARDED,
          });
          return status === 200 ? 200 : 'refused';
        };
        expect(await ask(server), `${token.owner} ${scope} here`).toBe(expected);
        await expect
          .poll(() => ask(other), {
            interval: 10,
            timeout: 5_000,
            message: `${token.owner} ${scope} on the other process`,
          })
          .toBe(expected);
      }
    }
  }

  test('every process agrees with the model after every step', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 4, maxLength: 14 }), async (steps) => {
        const prefix = `r${run++}-`;
        for (const name of ['ann', 'bob']) {
          await admin('POST', '/api/v1/users', { username: prefix + name, roles: ['viewer'] });
          model.users.set(prefix + name, { roles: new Set(['viewer']), disabled: false });
        }
        for (const step of steps) {
          await execute(step, prefix);
          await compare(prefix);
        }
      }),
      { numRuns: engine === 'sqlite' ? 25 : 12, endOnFailure: true },
    );
  });
});
