import type { Context } from './context.ts';
import { isUnprotected, serverAddress } from './server-address.ts';

/** The server a session command is about: the one named, or the one at hand. Warns of clear text. */
export async function addressFor(context: Context, url: string | undefined): Promise<string> {
  const address = url === undefined ? (await context.target()).url : serverAddress(url);
  if (isUnprotected(address))
    context.out.remark(`warning: ${address} is not encrypted; what you send can be read on the way.`);
  return address;
}
