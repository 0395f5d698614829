import type { Result } from '../../../base/result.ts';
import type { Caller } from '../identity/credentials.ts';
import type { Refusal } from '../refusal.ts';
import type { Rule } from '../rights/rules.ts';
import type { Parameters, Shape } from '../schema.ts';
import type { Cluster, Step } from '../state.ts';

export interface CallContext {
  readonly cluster: Cluster;
  readonly caller: Caller;
  readonly parameters: Parameters;
  /** The node named in the path, `localhost` resolved; the answering one where none is named. */
  readonly node: string;
}

export interface Reply {
  readonly data: unknown;
  /** Rows before cutting a page, where a list has one. */
  readonly total?: number;
}

export type Answer = Result<Reply, Refusal>;

/** One declared call: everything that is checked before its answer, and the answer. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/nodes/{node}/qemu`; the last part may be `{name*}`, which takes the rest of the path. */
  readonly path: string;
  readonly rule: Rule;
  readonly parameters: Shape;
  /** Not open to API tokens, whatever they may do. */
  readonly closedToTokens?: true;
  /** Runs in the privileged daemon: the answer comes back with two Connection headers. */
  readonly viaDaemon?: true;
  readonly step?: Step;
  answer(context: CallContext): Answer;
}

export const reply = (data: unknown, total?: number): Answer => ({
  ok: true,
  value: total === undefined ? { data } : { data, total },
});
