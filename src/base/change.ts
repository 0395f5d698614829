/**
 * One step of the change feed: something that verdicts are computed from is no longer what it was. Written in
 * the same transaction as the change itself and followed by every process.
 */
export interface Change {
  readonly topic:
    | 'token'
    | 'principal'
    | 'roles'
    | 'scopes'
    | 'signing-keys'
    | 'bootstrap'
    | 'quota'
    | 'connection'
    | 'route'
    | 'job';
  /** Which one: token id, username, connection id; `*` where the topic is small enough to be read again whole. */
  readonly key: string;
}

/** A step with its place in the feed; later steps have higher numbers. */
export interface StoredChange extends Change {
  readonly seq: number;
}

export const change = (topic: Change['topic'], key = '*'): Change => ({ topic, key });
