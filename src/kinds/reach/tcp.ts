import { isIP } from 'node:net';
import type { OutboundFailure } from '../../outbound/failure.ts';
import type { Finding } from '../finding.ts';
import type { Place } from './rows.ts';
import { reachFinding as finding, type ReachSubject } from './subject.ts';

/** Refused logins after which a silent host looks like a ban. */
const BAN_SUSPECTED_AFTER = 3;

interface Attempt {
  readonly address: string;
  readonly failure?: OutboundFailure;
}

/** P1 and P2: every address of the name, one after the other, because each may fail in its own way. */
export async function probeTcp(subject: ReachSubject, place: Place): Promise<readonly Finding[]> {
  const { client, surroundings } = subject;
  const found = await client.look.addresses();
  if (!found.ok) return [nameFinding(subject, place, found.error)];
  subject.step?.('tcp');
  const attempts: Attempt[] = [];
  for (const address of found.value) {
    const reached = await client.look.reach(address);
    attempts.push(reached.ok ? { address } : { address, failure: reached.error });
  }
  const failed = attempts.filter((attempt) => attempt.failure !== undefined);
  if (failed.length === 0) return [];
  if (failed.length < attempts.length) return [partly(place, attempts)];
  const known = surroundings.knownAddress;
  if (known !== undefined && !found.value.includes(known) && (await client.look.reach(known)).ok)
    return [
      finding('DNS_STALE', 'P2', evidenceOf(attempts), {
        ...place,
        old: found.value.join(', '),
        right: known,
      }),
    ];
  return [await nowhere(subject, place, attempts)];
}

function nameFinding(subject: ReachSubject, place: Place, failure: OutboundFailure): Finding {
  const evidence = `${failure.evidence.errno ?? failure.code} ${failure.evidence.addresses ?? ''}`;
  if (failure.code === 'address_forbidden') return finding('ADDRESS_FORBIDDEN', 'P1', evidence, place);
  const proxy = proxyFor(subject);
  if (proxy !== undefined && failure.code === 'dns_not_found')
    return finding('PROXY_NEEDED', 'P1', evidence, { ...place, proxy });
  return finding(failure.code === 'dns_not_found' ? 'DNS_NOT_FOUND' : 'DNS_TEMPORARY', 'P1', evidence, place);
}

/** Some addresses answer: where the line runs between the families it is that, else a record is stale. */
function partly(place: Place, attempts: readonly Attempt[]): Finding {
  const good = attempts.filter((attempt) => attempt.failure === undefined).map((each) => each.address);
  const bad = attempts.filter((attempt) => attempt.failure !== undefined).map((each) => each.address);
  const families = (addresses: readonly string[]): string[] => [
    ...new Set(addresses.map((address) => (isIP(address) === 6 ? 'IPv6' : 'IPv4'))),
  ];
  const [goodFamily = '', ...moreGood] = families(good);
  const [badFamily = '', ...moreBad] = families(bad);
  const clean = moreGood.length === 0 && moreBad.length === 0 && goodFamily !== badFamily;
  return clean
    ? finding('ONE_FAMILY', 'P2', evidenceOf(attempts), { ...place, good: goodFamily, bad: badFamily })
    : finding(
        'DNS_STALE',
        'P2',
        evidenceOf(attempts),
        { ...place, old: bad.join(', '), right: good.join(', ') },
        'warning',
      );
}

/** No address answers: the same symptom has many causes, told apart by what else is known. */
async function nowhere(subject: ReachSubject, place: Place, attempts: readonly Attempt[]): Promise<Finding> {
  const { client, surroundings } = subject;
  const evidence = evidenceOf(attempts);
  const codes = new Set(attempts.map((attempt) => attempt.failure?.code));
  const refused = codes.has('refused') && codes.size === 1;
  if (codes.has('reset')) return finding('ACL_CLOSED', 'P2', evidence, place);
  if (refused && (await answersElsewhere(subject))) return finding('PORT_WRONG', 'P2', evidence, place);
  if (
    (refused || codes.has('connect_timeout')) &&
    (surroundings.recentRejections ?? 0) >= BAN_SUSPECTED_AFTER
  )
    return finding(
      'BANNED',
      'P2',
      `${evidence}, after ${surroundings.recentRejections} refused logins`,
      place,
    );
  if (refused) {
    const addresses = attempts.map((attempt) => attempt.address);
    const bound = await surroundings.listeners?.(addresses, client.origin.port);
    return bound === undefined || bound.length === 0
      ? finding('REFUSED', 'P2', evidence, place)
      : finding('LISTEN_LOCAL', 'P2', `${evidence}; listening on ${bound.join(', ')}`, {
          ...place,
          bound: bound.join(', '),
        });
  }
  const proxy = proxyFor(subject);
  if (proxy !== undefined) return finding('PROXY_NEEDED', 'P2', evidence, { ...place, proxy });
  const unreachable = codes.has('unreachable') && !codes.has('connect_timeout');
  return finding(unreachable ? 'UNREACHABLE' : 'TIMEOUT', 'P2', evidence, place);
}

/** The product's own port, where another was asked for. */
async function answersElsewhere({ client, product, face }: ReachSubject): Promise<boolean> {
  if (client.origin.port === product.defaultPort) return false;
  const answer = await client.look.anonymous(face.path, product.defaultPort);
  return answer.ok && face.recognise(answer.value);
}

function proxyFor({ client, surroundings }: ReachSubject): string | undefined {
  const { proxy } = surroundings;
  if (proxy === undefined) return undefined;
  const { host } = client.origin;
  const spared = proxy.exceptions
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => entry === '*' || host === entry || host.endsWith(`.${entry.replace(/^\*?\./, '')}`));
  return spared ? undefined : withoutLogin(proxy.address);
}

/** Up to the last `@`: passwords are written there with every sign, and addresses without a scheme. */
const withoutLogin = (address: string): string => address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, '$1');

const evidenceOf = (attempts: readonly Attempt[]): string =>
  attempts.map(({ address, failure }) => `${address}: ${failure?.evidence.errno ?? 'ok'}`).join(', ');
