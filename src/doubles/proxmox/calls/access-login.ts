import { accountCause } from '../identity/credentials.ts';
import { answersChallenge, challengeFor, owesSecondFactor } from '../identity/second-factor.ts';
import { issueCsrfToken, issueHalfTicket, issueTicket, readTicket } from '../identity/tickets.ts';
import { badParameters, died, forbidden, type Refusal } from '../refusal.ts';
import { holds, rightsAt } from '../rights/acl.ts';
import { ANYONE, WORLD } from '../rights/rules.ts';
import { flagOf, listOf, NO_PARAMETERS, optional, required, textOf } from '../schema.ts';
import type { Cluster, User } from '../state.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';

/** One answer for every reason: no name, wrong password, disabled, wrong code. */
const REFUSED: Refusal = { status: 401, message: 'authentication failure' };
const refused: Answer = { ok: false, error: REFUSED };

/** `cap`: areas to the privileges held in them; a summary for menus, not proof for one path. */
function capabilities(cluster: Cluster, user: string): Record<string, Record<string, number>> {
  const areas: Record<string, [string, RegExp]> = {
    vms: ['/vms', /^(VM|Permissions)\./],
    storage: ['/storage', /^(Datastore|Permissions)\./],
    access: ['/access', /^(User|Group|Realm|Permissions)\./],
    nodes: ['/nodes', /^(Sys|Permissions)\./],
    dc: ['/', /^(Sys|SDN)\./],
    sdn: ['/sdn', /^(SDN|Permissions)\./],
    ...(cluster.edition.mappingPrivileges ? { mapping: ['/mapping', /^(Mapping|Permissions)\./] } : {}),
  };
  return Object.fromEntries(
    Object.entries(areas).map(([area, [path, names]]) => {
      const held = [...rightsAt(cluster, user, path).keys()].filter((name) => names.test(name));
      return [area, Object.fromEntries(held.map((name) => [name, 1]))];
    }),
  );
}

function fullTicket(cluster: Cluster, user: string): Answer {
  return reply({
    username: user,
    ticket: issueTicket(cluster, user),
    CSRFPreventionToken: issueCsrfToken(cluster, user),
    cap: capabilities(cluster, user),
    ...(holds(cluster, user, '/', 'Sys.Audit') ? { clustername: cluster.name } : {}),
  });
}

/** The second call of a login with two factors: the half ticket and the answer in place of the password. */
function answerChallenge(cluster: Cluster, user: User, half: string, answer: string): Answer {
  const reading = readTicket(cluster, half);
  if (reading.kind !== 'half' || reading.user !== user.id) return refused;
  return answersChallenge(cluster, user, answer) ? fullTicket(cluster, user.id) : refused;
}

function login({ cluster, parameters }: CallContext): Answer {
  const name = textOf(parameters, 'username') ?? '';
  const realm = textOf(parameters, 'realm');
  const id = realm === undefined || name.endsWith(`@${realm}`) ? name : `${name}@${realm}`;
  const password = textOf(parameters, 'password') ?? '';
  const user = cluster.users.get(id);
  if (user === undefined || accountCause(cluster, id) !== undefined || password === '') return refused;

  const half = textOf(parameters, 'tfa-challenge');
  if (half !== undefined) return answerChallenge(cluster, user, half, password);

  const renewal = readTicket(cluster, password);
  // a ticket of root@pam opens every account
  if (renewal.kind === 'full' && (renewal.user === id || renewal.user === 'root@pam'))
    return fullTicket(cluster, id);

  const wrong = user.password !== password || cluster.faults.has('PASSWORD_BAD');
  if (wrong) return refused;

  const path = textOf(parameters, 'path');
  if (path !== undefined) {
    const rights = rightsAt(cluster, id, path);
    return listOf(parameters, 'privs').every((privilege) => rights.has(privilege))
      ? reply({ username: id, cap: capabilities(cluster, id) })
      : refused;
  }
  if (!owesSecondFactor(cluster, user)) return fullTicket(cluster, id);
  const otp = textOf(parameters, 'otp');
  // a code sent along is checked, and the challenge must be answered all the same
  if (otp !== undefined && !answersChallenge(cluster, user, `totp:${otp}`)) return refused;
  if (!cluster.edition.challengeIsDefault && !flagOf(parameters, 'new-format'))
    return reply({ username: id, NeedTFA: 1, ticket: issueHalfTicket(cluster, id, {}) });
  return reply({
    username: id,
    NeedTFA: 1,
    ticket: issueHalfTicket(cluster, id, challengeFor(user)),
    CSRFPreventionToken: issueCsrfToken(cluster, id),
  });
}

function changePassword({ cluster, caller, parameters }: CallContext): Answer {
  const userid = textOf(parameters, 'userid') ?? '';
  const user = cluster.users.get(userid);
  const own = caller.id === userid;
  const mayModify = caller.id === 'root@pam' || holds(cluster, caller.id, '/access/groups', 'User.Modify');
  if (!own && !mayModify) return forbidden();
  if (user === undefined) return died(`no such user ('${userid}')`);
  const confirmation = textOf(parameters, 'confirmation-password');
  if (caller.id !== 'root@pam' && cluster.edition.passwordConfirmation) {
    if (confirmation === undefined)
      return badParameters({ 'confirmation-password': 'property is missing and it is not optional' });
    if (cluster.users.get(caller.id)?.password !== confirmation) return refused;
  }
  user.password = textOf(parameters, 'password') ?? '';
  return reply(null);
}

export function loginCalls(cluster: Cluster): Call[] {
  const password = required('string', {
    minLength: cluster.edition.minimumPasswordLength,
    maxLength: 64,
  });
  return [
    {
      method: 'GET',
      path: '/access/domains',
      rule: WORLD,
      parameters: NO_PARAMETERS,
      answer: () =>
        reply([...cluster.realms].map(([realm, { type, comment }]) => ({ realm, type, comment }))),
    },
    {
      method: 'GET',
      path: '/access/ticket',
      rule: WORLD,
      closedToTokens: true,
      parameters: NO_PARAMETERS,
      answer: () => reply(null),
    },
    {
      method: 'POST',
      path: '/access/ticket',
      rule: WORLD,
      closedToTokens: true,
      viaDaemon: true,
      parameters: {
        fields: {
          username: required('string', { maxLength: 64 }),
          password: required('string'),
          realm: optional('string', { maxLength: 32 }),
          otp: optional('string'),
          'tfa-challenge': optional('string'),
          'new-format': optional('boolean'),
          path: optional('string', { maxLength: 64 }),
          privs: optional('string', { maxLength: 64 }),
        },
      },
      answer: login,
    },
    ...['auth-url', 'login'].map(
      (verb): Call => ({
        method: 'POST',
        path: `/access/openid/${verb}`,
        rule: WORLD,
        closedToTokens: true,
        viaDaemon: true,
        parameters: {
          fields: {
            'redirect-url': required('string'),
            ...(verb === 'login'
              ? { code: required('string'), state: required('string') }
              : { realm: required('string') }),
          },
        },
        answer: () => died('no realm of this cluster is of the type openid'),
      }),
    ),
    {
      method: 'PUT',
      path: '/access/password',
      rule: ANYONE,
      closedToTokens: true,
      viaDaemon: true,
      parameters: {
        fields: {
          userid: required('string'),
          password,
          ...(cluster.edition.passwordConfirmation ? { 'confirmation-password': optional('string') } : {}),
        },
      },
      answer: changePassword,
    },
  ];
}
