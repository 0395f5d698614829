import { badParameters, died } from '../refusal.ts';
import { either, type Rule } from '../rights/rules.ts';
import { type Field, flagOf, listOf, NO_PARAMETERS, numberOf, optional, textOf } from '../schema.ts';
import { type Cluster, newUuid, type Token, type User } from '../state.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';

const OWNER_OR_ADMIN: Rule = either(
  { who: 'self', parameter: 'userid' },
  { who: 'groupHolder', privileges: ['User.Modify'] },
);

const LIST = '/access/users/{userid}/token';
const ONE = '/access/users/{userid}/token/{tokenid}';

export function tokenRow(name: string, token: Token): Record<string, unknown> & { tokenid: string } {
  return { tokenid: name, ...tokenInfo(token) };
}

const tokenInfo = (token: Token): Record<string, unknown> => ({
  expire: token.expire,
  privsep: token.privsep ? 1 : 0,
  ...(token.comment === undefined ? {} : { comment: token.comment }),
});

interface Addressed {
  readonly userid: string;
  readonly name: string;
  readonly user: User | undefined;
  readonly token: Token | undefined;
}

function addressed({ cluster, parameters }: CallContext): Addressed {
  const userid = textOf(parameters, 'userid') ?? '';
  const name = textOf(parameters, 'tokenid') ?? '';
  const user = cluster.users.get(userid);
  return { userid, name, user, token: user?.tokens.get(name) };
}

const noUser = (userid: string): Answer => died(`no such user ('${userid}')`);
const noToken = ({ userid, name }: Addressed): Answer => died(`no such token '${name}' for user '${userid}'`);

function listTokens(context: CallContext): Answer {
  const { userid, user } = addressed(context);
  if (user === undefined) return noUser(userid);
  return reply([...user.tokens].map(([name, token]) => tokenRow(name, token)));
}

function readToken(context: CallContext): Answer {
  const target = addressed(context);
  return target.token === undefined ? noToken(target) : reply(tokenInfo(target.token));
}

function createToken(context: CallContext): Answer {
  const { cluster, parameters } = context;
  const { userid, name, user } = addressed(context);
  if (user === undefined) return noUser(userid);
  if (user.tokens.has(name)) return badParameters({ tokenid: 'Token already exists.' });
  const comment = textOf(parameters, 'comment');
  const token: Token = {
    secret: newUuid(cluster),
    privsep: !parameters.has('privsep') || flagOf(parameters, 'privsep'),
    expire: numberOf(parameters, 'expire') ?? 0,
    ...(comment === undefined ? {} : { comment }),
  };
  user.tokens.set(name, token);
  // what was sent comes back as it was sent: form values as text
  const info = {
    expire: parameters.get('expire') ?? 0,
    privsep: parameters.get('privsep') ?? 1,
    ...(comment === undefined ? {} : { comment }),
  };
  return reply({ 'full-tokenid': `${userid}!${name}`, value: token.secret, info });
}

function updateToken(context: CallContext): Answer {
  const { cluster, parameters } = context;
  const target = addressed(context);
  const { token } = target;
  if (token === undefined) return noToken(target);
  const unknown = listOf(parameters, 'delete').find((name) => name !== 'comment');
  if (unknown !== undefined) return died('updating token info failed: 400 Parameter verification failed.');
  token.expire = numberOf(parameters, 'expire') ?? token.expire;
  if (parameters.has('privsep')) token.privsep = flagOf(parameters, 'privsep');
  const comment = textOf(parameters, 'comment');
  if (comment !== undefined && (comment !== '' || !cluster.edition.deletesTokenComment))
    token.comment = comment;
  if (comment === '' || listOf(parameters, 'delete').includes('comment')) {
    if (cluster.edition.deletesTokenComment) delete token.comment;
  }
  if (!flagOf(parameters, 'regenerate')) return reply(tokenInfo(token));
  token.secret = newUuid(cluster);
  return reply({
    ...tokenInfo(token),
    'full-tokenid': `${target.userid}!${target.name}`,
    value: token.secret,
  });
}

/** Its grants go with it: a token made again under the same name starts with none. */
function deleteToken(context: CallContext): Answer {
  const target = addressed(context);
  if (target.token === undefined) return noToken(target);
  const { cluster } = context;
  target.user?.tokens.delete(target.name);
  cluster.acl = cluster.acl.filter((entry) => entry.subject !== `${target.userid}!${target.name}`);
  return reply(null);
}

export function tokenCalls(cluster: Cluster): Call[] {
  const settings: Readonly<Record<string, Field>> = {
    expire: optional('integer', { minimum: 0 }),
    privsep: optional('boolean'),
    comment: optional('string'),
  };
  const changes: Readonly<Record<string, Field>> = {
    ...settings,
    ...(cluster.edition.deletesTokenComment ? { delete: optional('string') } : {}),
    ...(cluster.edition.regenerate ? { regenerate: optional('boolean') } : {}),
  };
  const common = { rule: OWNER_OR_ADMIN, parameters: NO_PARAMETERS } as const;
  return [
    { ...common, method: 'GET', path: LIST, answer: listTokens },
    { ...common, method: 'GET', path: ONE, answer: readToken },
    {
      ...common,
      method: 'POST',
      path: ONE,
      viaDaemon: true,
      parameters: { fields: settings },
      answer: createToken,
    },
    {
      ...common,
      method: 'PUT',
      path: ONE,
      viaDaemon: true,
      parameters: { fields: changes },
      answer: updateToken,
    },
    { ...common, method: 'DELETE', path: ONE, viaDaemon: true, answer: deleteToken },
  ];
}
