import { err, ok } from '../../base/result.ts';
import { asRecord, asText } from '../json.ts';
import type { Kind } from '../kind.ts';
import { proxmoxApi } from './api.ts';
import { readProxmoxCredential } from './credential.ts';
import { testProxmox } from './diagnose.ts';
import { find } from './find.ts';
import { tokenIdOf } from './identity.ts';
import { isTask, RECIPES } from './needs.ts';
import { compareForTask } from './probe-rights.ts';
import { explainRefusal } from './refusal.ts';
import { comparePrivileges, readPermissions, readServerRights } from './rights.ts';
import { proxmoxCarrier } from './session.ts';
import { createToken } from './token-create.ts';
import { revokeToken, rotateToken } from './token-rotate.ts';

/** Proxmox VE, releases 7 to 9. */
export const proxmox: Kind = {
  name: 'proxmox',
  defaultPort: 8006,
  methods: ['token', 'password'],
  tasks: Object.fromEntries(Object.entries(RECIPES).map(([name, recipe]) => [name, recipe.description])),
  readCredential: readProxmoxCredential,
  carrier: proxmoxCarrier,
  test: testProxmox,
  rights: async (subject, task, expect = {}) => {
    if (!isTask(task)) return err(find('TASK_UNKNOWN', 'P0', task, { task, tasks: Object.keys(RECIPES) }));
    const { user, token } = tokenIdOf(subject.credential.identity);
    const who = { user, token };
    const context = { origin: subject.client.origin, who };
    const api = proxmoxApi(subject, proxmoxCarrier(subject));
    const version = await api.get('/version');
    if (!version.ok) return err(explainRefusal(version.error, context, 'P7'));
    const server = await readServerRights(api, asText(asRecord(version.value).release));
    if (!server.ok) return err(explainRefusal(server.error, context, 'P8'));
    const { privileges, templates = [], ...objects } = expect;
    const [template] = templates;
    const target = { ...objects, ...(template === undefined ? {} : { template: template.id }) };
    if (privileges !== undefined) return ok(comparePrivileges(task, target, server.value, privileges, who));
    const all = await readPermissions(api);
    if (!all.ok) return err(explainRefusal(all.error, context, 'P8'));
    const compared = await compareForTask({ ...subject, expect }, api, task, server.value, who, all.value);
    return compared.ok ? ok(compared.value) : err(explainRefusal(compared.error, context, 'P8'));
  },
  create: createToken,
  rotate: rotateToken,
  revoke: revokeToken,
};
