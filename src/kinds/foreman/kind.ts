import { err, ok } from '../../base/result.ts';
import { constantCarrier } from '../constant.ts';
import type { Kind, RightsLine } from '../kind.ts';
import { foremanApi } from './api.ts';
import { foremanInjection, readForemanCredential } from './credential.ts';
import { testForeman } from './diagnose.ts';
import { find, grantLines } from './find.ts';
import { logInToForeman } from './login.ts';
import { createForemanToken, revokeForemanToken, rotateForemanToken } from './token.ts';

/** What each step of a task reads, with the permission it needs. */
const TASKS: Readonly<Record<string, readonly { step: string; path: string; needs: string }[]>> = {
  inventory: [
    { step: 'list hosts', path: '/api/hosts', needs: 'view_hosts' },
    { step: 'list hypervisors', path: '/api/compute_resources', needs: 'view_compute_resources' },
  ],
};

/** Foreman, from 1.17 (first personal access tokens) on; measured against 1.24.3. */
export const foreman: Kind = {
  name: 'foreman',
  defaultPort: 443,
  methods: ['basic'],
  tasks: { inventory: 'Read-only inventory: hosts and hypervisors' },
  readCredential: readForemanCredential,
  carrier: ({ credential }) => constantCarrier(foremanInjection(credential)),
  test: testForeman,
  login: logInToForeman,
  rights: async (subject, task) => {
    const steps = TASKS[task];
    if (steps === undefined)
      return err(find('TASK_UNKNOWN', 'P0', task, { task, tasks: Object.keys(TASKS) }));
    const api = foremanApi(subject);
    const lines: RightsLine[] = [];
    for (const { step, path, needs } of steps) {
      const answer = await api.get(path, { per_page: 1 });
      if (!answer.ok && answer.error.status !== 403) return err(answer.error.finding);
      lines.push({ step, path, needs: [needs], held: answer.ok });
    }
    const missing = lines.filter((line) => !line.held).flatMap((line) => line.needs);
    const fix = missing.length === 0 ? [] : grantLines(subject.credential.identity, missing);
    return ok({ task, lines, missing, fix });
  },
  create: createForemanToken,
  rotate: rotateForemanToken,
  revoke: revokeForemanToken,
};
