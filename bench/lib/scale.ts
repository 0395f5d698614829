/** How much is measured: the whole, or a quick look while something is being worked on. */
export interface Scale {
  readonly pairs: number;
  readonly sampleSeconds: number;
  readonly warmUpSeconds: number;
  readonly revokeTrials: number;
  readonly storedTokens: number;
  readonly cachedTokens: number;
  readonly coldRounds: number;
  readonly twinRounds: number;
  readonly starts: number;
  readonly rateSeconds: number;
  readonly streamedBytes: number;
  readonly webSockets: number;
}

export const WHOLE: Scale = {
  pairs: 7,
  sampleSeconds: 3,
  warmUpSeconds: 3,
  revokeTrials: 1000,
  storedTokens: 1_000_000,
  cachedTokens: 100_000,
  coldRounds: 5,
  twinRounds: 4,
  starts: 15,
  rateSeconds: 5,
  streamedBytes: 10 * 2 ** 30,
  webSockets: 2000,
};

export const QUICK: Scale = {
  pairs: 3,
  sampleSeconds: 1,
  warmUpSeconds: 2,
  revokeTrials: 50,
  storedTokens: 50_000,
  cachedTokens: 20_000,
  coldRounds: 2,
  twinRounds: 2,
  starts: 5,
  rateSeconds: 2,
  streamedBytes: 2 ** 30,
  webSockets: 2000,
};
