import { err, ok, type Result } from '../../base/result.ts';
import type { Finding } from '../finding.ts';
import type { Json } from '../json.ts';
import type { TestSubject } from '../kind.ts';
import type { LoginEnd } from '../reach/login-budget.ts';
import type { Surroundings } from '../reach/surroundings.ts';
import { type ForemanApi, foremanApi } from './api.ts';
import { find } from './find.ts';

/**
 * The status page, which asks for a login and for nothing else. A refused login is sent once, and not at all where
 * it would risk locking this address out.
 */
export async function statusWithin(
  api: ForemanApi,
  { loginBudget }: Surroundings,
  began: () => void = () => {},
): Promise<Result<Json, Finding>> {
  const login = () => {
    began();
    return api.get('/api/status');
  };
  const tried = (await loginBudget?.spend(login, endOf)) ?? { done: await login() };
  if ('waitSeconds' in tried) {
    const { waitSeconds } = tried;
    return err(find('FOREMAN_TESTS_CAPPED', 'P7', `${waitSeconds} s to wait`, { waitSeconds }));
  }
  return tried.done.ok ? tried.done : err(tried.done.error.finding);
}

const endOf = (status: Awaited<ReturnType<ForemanApi['get']>>): LoginEnd => {
  if (status.ok) return 'accepted';
  if (status.error.finding.code === 'FOREMAN_LOCKOUT') return 'locked out';
  return status.error.status === 401 ? 'refused' : 'accepted';
};

export async function logInToForeman(subject: TestSubject): Promise<Result<true, Finding>> {
  const status = await statusWithin(foremanApi(subject), subject.surroundings ?? {});
  return status.ok ? ok(true) : status;
}
