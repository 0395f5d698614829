import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { OutboundClient } from '../outbound/client.ts';
import type { Finding, Layer, Step } from './finding.ts';
import type { Surroundings } from './reach/surroundings.ts';

export type KindName = 'proxmox' | 'foreman' | 'osmo' | 'gafaelfawr' | 'http';

export type CredentialMethod = 'token' | 'password' | 'bearer' | 'basic' | 'header';

/** A credential as a connection holds it: only `secret` is secret. */
export interface Credential {
  readonly method: CredentialMethod;
  /**
   * Who it speaks for: `user@realm!name` or `user@realm` (Proxmox), a login (Foreman, Basic), a header's name
   * (`header`), empty where the secret alone says it (bearer tokens).
   */
  readonly identity: string;
  readonly secret: Secret;
  /** The upstream's own number of it, where revoking asks for one (Foreman). */
  readonly upstreamId?: string;
}

/** What a person typed or pasted. Any part may hold more than its own, and is taken apart. */
export interface CredentialInput {
  readonly method?: CredentialMethod | 'query';
  readonly user?: string;
  /** Token name (Proxmox), header name (`http`). */
  readonly name?: string;
  readonly secret?: string;
}

export interface ReadCredential {
  readonly credential: Credential;
  /** Remarks on the shape (probe P0); blocking ones mean that sending it would be pointless. */
  readonly findings: readonly Finding[];
}

/** What has to change on a request so that the credential rides along. Pure data. */
export interface Injection {
  readonly set: Readonly<Record<string, Secret>>;
  /** Headers of the caller that must not travel, in lower case: they would outrank or leak. */
  readonly strip: readonly string[];
}

/** Gives the injection for each request. For tokens a constant; where the upstream wants a session, kept alive. */
export interface Carrier {
  inject(method: string): Result<Injection, Finding> | Promise<Result<Injection, Finding>>;
  /** Forgets a session, for example after the upstream refused it. */
  forget(): void;
}

/** Everything a call needs to know about one connection. A kind knows no storage. */
export interface Subject {
  readonly client: OutboundClient;
  readonly credential: Credential;
  readonly clock: Clock;
}

/** What the connection is meant to be able to do; everything absent is not looked at. */
export interface Expectations {
  /** A task whose rights are compared, by its recipe's name. */
  readonly task?: string;
  readonly node?: string;
  /** Template ids, with the guest release each should hold (`22.04`) where that is known. */
  readonly templates?: readonly { readonly id: number; readonly version?: string }[];
  readonly storage?: string;
  readonly bridge?: string;
  readonly pool?: string;
  /** Size of the disk wanted, GiB. */
  readonly diskGib?: number;
  /** A running guest whose address should be readable. */
  readonly guest?: number;
  /** A guest id that should be free. */
  readonly newGuest?: number;
  readonly guestName?: string;
  /** A finished task to be explained. */
  readonly upid?: string;
  /** Privileges somebody means to grant, for example from a guide. */
  readonly privileges?: readonly string[];
  /** The token owner's password, for one login that narrows down why a token is refused or empty (opt-in). */
  readonly password?: Secret;
  /** A password is stored beside the token, and nobody asked to fall back to it. */
  readonly passwordBeside?: boolean;
  /** Path that answers 2xx to a good credential (`http`). */
  readonly path?: string;
}

export interface TestSubject extends Subject {
  readonly expect?: Expectations;
  readonly surroundings?: Surroundings;
  /** Told as the test goes on. */
  readonly step?: Step | undefined;
  /** Findings known before the test began, for example from reading the credential. */
  readonly known?: readonly Finding[];
}

export type Verdict = 'healthy' | 'warnings' | 'failed';

export interface Report<Facts extends object = object> {
  readonly verdict: Verdict;
  /** The layer that explains a failure. */
  readonly layer?: Layer;
  readonly findings: readonly Finding[];
  /** Whom the upstream takes us for. */
  readonly identity?: string;
  readonly version?: string;
  /** When the credential ends, seconds since the epoch; null where the upstream says never. */
  readonly expiresAt?: number | null;
  /** SHA-256 of the certificate shown. */
  readonly fingerprint?: string;
  readonly facts: Facts;
}

/** Has and needs of one task at one path. */
export interface RightsLine {
  readonly step: string;
  readonly path: string;
  /** One of these suffices. */
  readonly needs: readonly string[];
  readonly held: boolean;
}

export interface RightsReport {
  readonly task: string;
  readonly lines: readonly RightsLine[];
  readonly missing: readonly string[];
  /** Commands that close the gap. */
  readonly fix: readonly string[];
  /** Of a list that was handed in: names this server does not know. */
  readonly obsolete?: readonly string[];
  /** Of a list that was handed in: what the task can do without. */
  readonly unneeded?: readonly string[];
}

/** A new credential that should exist upstream. */
export interface CredentialWish {
  readonly name: string;
  /** For whom; absent: for the one who asks. */
  readonly user?: string;
  /** Seconds since the epoch; absent: the upstream's "never" where it has one. */
  readonly expiresAt?: number;
  /** Recipe whose rights it gets. */
  readonly task?: string;
  /** Objects the rights are limited to, where they are named. */
  readonly expect?: Expectations;
  readonly description?: string;
  readonly scopes?: readonly string[];
}

export interface MadeCredential {
  readonly credential: Credential;
  readonly expiresAt: number | null;
  /** What was made upstream, in order, for a person and for the audit. */
  readonly done: readonly string[];
  /** Takes the new credential back, and all that was made for it. */
  readonly undo: () => Promise<Result<true, Finding>>;
}

/** The interface of a system behind a connection. A new kind is one folder that provides this. */
export interface Kind {
  readonly name: KindName;
  readonly defaultPort: number;
  readonly methods: readonly CredentialMethod[];
  /** Tasks whose rights can be compared and granted, with what each is for. */
  readonly tasks: Readonly<Record<string, string>>;
  readCredential(input: CredentialInput): Result<ReadCredential>;
  carrier(subject: Subject): Carrier;
  /** Probes in layers, stopping at the first that explains the symptom. Nothing is sent before trust holds. */
  test(subject: TestSubject): Promise<Report>;
  /**
   * One small call that shows whether the credential is accepted, where refusals lock out others than its owner: it
   * is made before any other call carries the credential, within the budget of the surroundings.
   */
  login?(subject: TestSubject): Promise<Result<true, Finding>>;
  /** With `expect.privileges` that list is compared in place of what the credential holds. */
  rights?(subject: Subject, task: string, expect?: Expectations): Promise<Result<RightsReport, Finding>>;
  /** Makes a credential with the subject's own, which may be an administrator's used once. */
  create?(subject: Subject, wish: CredentialWish): Promise<Result<MadeCredential, Finding>>;
  /** Replaces the secret. The old one is dead at once where `overlap` is false, else until `finish` is called. */
  rotate?(subject: Subject, admin?: Subject): Promise<Result<Rotated, Finding>>;
  revoke?(subject: Subject, admin?: Subject): Promise<Result<true, Finding>>;
}

export interface Rotated {
  readonly credential: Credential;
  readonly overlap: boolean;
  /** Removes the old credential once the new one is stored. */
  readonly finish: () => Promise<Result<true, Finding>>;
}
