import { fieldName } from './field-name.ts';
import { addNamed } from './headers.ts';

/** What the relay wants to know of a caller's headers, gathered in one pass. */
export interface RequestHead {
  /** How many Host headers there were. */
  hosts: number;
  authorization: string | null;
  /** How many Authorization headers there were. */
  authorizations: number;
  /** The osmo command line sends its token bare, in a header of its own. */
  osmoToken: string | null;
  contentLength: string | null;
  isChunked: boolean;
  /** The body has another coding than chunked, or one beside it, which would be lost on the way. */
  isCodedOddly: boolean;
  forwardedFor: string | undefined;
  /** Names that a `Connection` header takes for itself. */
  named: Set<string> | null;
}

/** @param raw names and values in turn, as a strict parser gave them */
export function readRequestHead(raw: readonly string[]): RequestHead {
  const head: RequestHead = {
    hosts: 0,
    authorization: null,
    authorizations: 0,
    osmoToken: null,
    contentLength: null,
    isChunked: false,
    isCodedOddly: false,
    forwardedFor: undefined,
    named: null,
  };
  for (let at = 0; at < raw.length; at += 2) {
    const value = raw[at + 1] as string;
    switch (fieldName(raw[at] as string).lower) {
      case 'host':
        head.hosts++;
        break;
      case 'authorization':
        head.authorizations++;
        head.authorization = value;
        break;
      case 'x-osmo-auth':
        head.osmoToken ??= value;
        break;
      case 'content-length':
        head.contentLength ??= value;
        break;
      case 'transfer-encoding':
        head.isChunked = true;
        if (value.toLowerCase() !== 'chunked') head.isCodedOddly = true;
        break;
      case 'x-forwarded-for':
        head.forwardedFor = head.forwardedFor === undefined ? value : `${head.forwardedFor}, ${value}`;
        break;
      case 'connection':
        head.named = addNamed(head.named, value);
        break;
      default:
    }
  }
  return head;
}
