import { compare, pairsText, ratioText } from '../lib/pairs.ts';
import type { Measurement } from '../lib/result.ts';
import { guardCheck, mintServiceToken, newFolder, probe, SCOPE, serve, setUp } from '../lib/tessera.ts';

/** The guard handing out a delegated token that is at hand, against the same check without one. */
export const delegation: Measurement = async (scale) => {
  const tessera = await serve(await newFolder());
  const { token } = await mintServiceToken(tessera, await setUp(tessera));
  const plain = guardCheck(tessera, token);
  const delegating = guardCheck(tessera, token, 'success', `&delegate_to=app&delegate_scope=${SCOPE}`);
  const answer = await probe(delegating);
  if (!answer.headers.has('x-auth-request-token')) throw new Error('No delegated token was handed out');

  const outcome = await compare(
    { server: tessera, request: delegating },
    { server: tessera, request: plain },
    scale,
  );
  await tessera.stop();
  return [
    {
      what: 'guard check with a delegated token at hand against the plain check',
      target: '>= 0.60',
      measured: ratioText(outcome),
      met: outcome.ratio >= 0.6,
      notes: pairsText(outcome),
    },
  ];
};
