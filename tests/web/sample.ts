import { PASSWORD, type TestServer } from '../support/server.ts';

/** Ids of what `fill` made, for addresses that lead to one of them. */
export interface Sample {
  readonly token: string;
  readonly serviceToken: string;
}

/** A small team's Tessera: people, roles, tokens near and far from their end. */
export async function fill(server: TestServer): Promise<Sample> {
  const post = async (path: string, body: unknown, token = server.admin) => {
    const answer = await server.call('POST', path, { token, body });
    if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer.json;
  };
  for (const [name, description] of [
    ['read:grafana', 'See the dashboards'],
    ['write:backups', 'Store backups on the NAS'],
    ['deploy:website', 'Publish the website'],
  ])
    await post('/api/v1/scopes', { name, description });
  await post('/api/v1/roles', {
    name: 'operators',
    description: 'Look after machines and dashboards',
    scopes: ['read:grafana', 'read:connections', 'read:machines', 'write:machines'],
  });
  await post('/api/v1/roles', {
    name: 'auditors',
    description: 'Read what happened',
    scopes: ['read:audit'],
  });
  for (const [username, name, email, roles] of [
    ['maya', 'Maya Lindqvist', 'maya@example.com', ['operators', 'auditors']],
    ['tom', 'Tom Okafor', 'tom@example.com', ['operators']],
    ['ines', 'Inês Duarte', null, []],
  ] as const)
    await post('/api/v1/users', {
      username,
      name,
      ...(email === null ? {} : { email }),
      roles: [...roles],
      password: PASSWORD,
    });

  const backup = await post('/api/v1/tokens', {
    name: 'backup on nas',
    description: 'Nightly, from the cupboard under the stairs',
    scopes: ['write:backups'],
    expires_in: '90d',
  });
  await post('/api/v1/tokens', {
    name: 'laptop',
    scopes: ['user:token', 'read:connections', 'read:grafana', 'read:audit'],
    expires_in: '30d',
  });
  await post('/api/v1/tokens', { name: 'ci of the website', scopes: ['deploy:website'], expires_in: '5d' });
  await post('/api/v1/tokens', { name: 'watchtower', user: 'maya', roles: ['operators'], expires_in: '20d' });
  const lost = await post('/api/v1/tokens', {
    name: 'old phone',
    scopes: ['read:grafana'],
    expires_in: '365d',
  });
  await server.call('DELETE', `/api/v1/tokens/${lost.details.id}`, { token: server.admin });
  const metrics = await post('/api/v1/service-tokens', {
    username: 'bot-metrics',
    description: 'Collector on rack 2; ask Maya',
    scopes: ['write:sasquatch'],
    expires_in: '365d',
  });
  await post('/api/v1/service-tokens', {
    username: 'bot-renovate',
    description: 'Opens pull requests',
    scopes: ['deploy:website'],
    expires_in: '12d',
  });
  // Used, so that lists have a last use to tell of.
  await server.call('GET', '/ingress/auth?scope=write:backups', {
    token: backup.token,
    headers: { 'x-original-url': 'https://nas.example.com/', 'x-original-method': 'GET' },
  });
  await server.call('PATCH', `/api/v1/tokens/${backup.details.id}`, {
    token: server.admin,
    body: { expires_in: '60d' },
  });
  return { token: backup.details.id, serviceToken: metrics.details.id };
}
