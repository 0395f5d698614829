import { fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { Finding } from '../finding.ts';
import type { CredentialInput, ReadCredential } from '../kind.ts';
import { find } from './find.ts';
import { readTokenId } from './identity.ts';

/** What copying from a web page, a chat or a terminal leaves behind. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/g;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A token of Tessera itself, where a broker stands in for the server. */
const OWN_TOKEN = /^(tsr-[0-9A-Za-z-]+|gt-[0-9A-Za-z]{22}\.[0-9A-Za-z]+)$/;
const SAMPLE =
  /^(x{4,}|x+(-x+)+|0{8}-0{4}-0{4}-0{4}-0{12}|your[-_ ].*|.*-?(secret|token|password)-?(here|value)?|<.*>|changeme|\.{3,})$/i;

/**
 * Reads a Proxmox VE credential from parts or from one pasted text. Understood are `user@realm!name=secret`,
 * the same with `PVEAPIToken=` or a whole header in front, percent-encoded, quoted or broken by invisible
 * characters, and the output of `pveum user token add` as table or JSON; each part may hold a neighbour's.
 *
 * Findings of probe P0 say what was odd; a `blocking` one means that sending it would be pointless. Refusals
 * are `invalid_request` and name the missing field.
 */
export function readProxmoxCredential(input: CredentialInput): Result<ReadCredential> {
  if (input.method === 'password') return readPassword(input);
  if (input.method !== undefined && input.method !== 'token')
    return err(
      fieldFault(
        'invalid_request',
        'method',
        `"${input.method}" is not known to Proxmox VE`,
        'use token or password',
      ),
    );
  const raw = input.secret ?? '';
  const texts = [input.user, input.name, raw].map((part) => clean(part ?? ''));
  const [user = '', name = '', secret = ''] = texts;
  // The last text that holds a whole id wins: what was pasted outweighs a default.
  const whole = [secret, name, user].map(splitPasted).find((found) => found !== undefined);
  const identity = whole?.identity ?? joinIdentity(user, name);
  const value =
    whole?.secret !== undefined && whole.secret !== '' ? whole.secret : bareSecret(secret, identity);
  if (value === '')
    return err(
      fieldFault(
        'invalid_request',
        'secret',
        'is empty',
        'paste the secret, or user@realm!name=secret as a whole',
      ),
    );
  if (/[\u0000-\u001f\u007f]/.test(value))
    return err(fieldFault('invalid_request', 'secret', 'contains a line break or a control character'));
  const findings = [...shapeOfId(identity), ...shapeOfSecret(value, raw)];
  return ok({ credential: { method: 'token', identity, secret: new Secret(value) }, findings });
}

function readPassword(input: CredentialInput): Result<ReadCredential> {
  const user = clean(input.user ?? '');
  const password = input.secret ?? '';
  if (password === '') return err(fieldFault('invalid_request', 'secret', 'is empty', 'give the password'));
  if (/[\u0000\r\n]/.test(password))
    return err(fieldFault('invalid_request', 'secret', 'contains a line break or a NUL character'));
  const read = readTokenId(user);
  const findings: Finding[] = [];
  if ('fault' in read)
    findings.push(
      find('TOKEN_ID_SHAPE', 'P0', `user is "${withoutSecrets(user)}"`, { what: withoutSecrets(read.fault) }),
    );
  else if (read.token !== '')
    findings.push(
      find('TOKEN_ID_SHAPE', 'P0', `user is "${withoutSecrets(user)}"`, {
        what: 'a token name does not belong to a password',
      }),
    );
  if (SAMPLE.test(password)) findings.push(find('PLACEHOLDER', 'P0', 'sample text', { key: 'the password' }));
  return ok({ credential: { method: 'password', identity: user, secret: new Secret(password) }, findings });
}

const clean = (text: string): string =>
  text
    .replace(INVISIBLE, '')
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim();

/** Finds id and secret in one text. The secret stays empty where the text holds an id alone. */
function splitPasted(text: string): { readonly identity: string; readonly secret: string } | undefined {
  const fromPveum = readPveum(text);
  if (fromPveum !== undefined) return fromPveum;
  const decoded = /%(21|40|3d)/i.test(text) ? decode(text) : text;
  const line = decoded
    .replace(/^.*?authorization\s*:\s*/is, '')
    .replace(/^PVEAPIToken\s*[=\s]\s*/i, '')
    .replace(/^(TOKENID|API_TOKEN|PROXMOX_VE_API_TOKEN)\s*=\s*/i, '')
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2');
  const match = /^(\S+@[^\s!=]+![^\s=]*)(?:=([\s\S]*))?$/.exec(line);
  if (match === null) return undefined;
  return { identity: match[1] ?? '', secret: clean(match[2] ?? '') };
}

/** Output of `pveum user token add`: a drawn table, or JSON with `--output-format json`. */
function readPveum(text: string): { readonly identity: string; readonly secret: string } | undefined {
  const id = /full-tokenid"?\s*[│|:]\s*"?([^\s"│|,]+)/.exec(text)?.[1];
  const secret = /"?\bvalue"?\s*[│|:]\s*"?([0-9A-Za-z-]{8,})/.exec(
    text.replace(/│\s*key\s*│\s*value\s*│/, ''),
  )?.[1];
  return id === undefined || secret === undefined ? undefined : { identity: id, secret };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const joinIdentity = (user: string, name: string): string =>
  name === '' || user.includes('!') ? user : `${user}!${name.replace(/^!/, '')}`;

/** A secret that was copied together with `name=` in front of it. */
function bareSecret(text: string, identity: string): string {
  const name = identity.slice(identity.lastIndexOf('!') + 1);
  for (const prefix of [`${identity}=`, `${name}=`, 'PROXMOX_TOKEN_VALUE=', 'secret=', 'value='])
    if (prefix.length > 1 && text.startsWith(prefix)) return clean(text.slice(prefix.length));
  return text;
}

function shapeOfId(identity: string): Finding[] {
  if (identity === '')
    return [find('TOKEN_ID_SHAPE', 'P0', 'no token id was given', { what: 'it is empty' })];
  const read = readTokenId(identity);
  if ('fault' in read)
    return [
      find('TOKEN_ID_SHAPE', 'P0', `token id is "${withoutSecrets(identity)}"`, {
        what: withoutSecrets(read.fault),
      }),
    ];
  return read.token === ''
    ? [
        find('TOKEN_ID_SHAPE', 'P0', `token id is "${withoutSecrets(identity)}"`, {
          what: 'the token name is missing',
        }),
      ]
    : [];
}

function shapeOfSecret(secret: string, raw: string): Finding[] {
  if (SAMPLE.test(secret)) return [find('PLACEHOLDER', 'P0', 'sample text', { key: 'the token secret' })];
  if (UUID.test(secret) || OWN_TOKEN.test(secret)) return [];
  const what = [
    /\s/.test(secret) ? 'it holds a blank' : '',
    /["'`]/.test(secret) ? 'it holds a quote' : '',
    /[=!@]/.test(secret) ? 'it holds more than the secret' : '',
    raw.search(INVISIBLE) >= 0 ? 'invisible characters were pasted with it' : '',
    secret.length === 36 ? 'and it is no UUID' : '',
  ].filter(Boolean);
  return [
    find('SECRET_SHAPE', 'P0', `${secret.length} characters, ends in ${ending(secret)}`, {
      length: secret.length,
      what: what.join(', '),
    }),
  ];
}

/** A secret that slipped into a field for public text must not be shown because of it. */
const withoutSecrets = (text: string): string =>
  text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-Za-z_-]{28,}/gi, (found) => ending(found));

/** The last four characters, by which a person recognises a secret; none of a short one. */
export const ending = (secret: string): string => (secret.length >= 12 ? `...${secret.slice(-4)}` : '...');
