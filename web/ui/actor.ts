/** Those who act without being anybody, as the trail writes them; no user can be called so. */
const WORDS: Readonly<Record<string, string>> = {
  '<bootstrap>': 'the first start',
  '<internal>': 'Tessera itself',
  '<oidc>': 'the sign-in provider',
  '<env>': 'the .env file',
  '<anonymous>': 'nobody signed in',
  '<anyone>': 'somebody without a token',
};

/** Who did something, for a person to read. */
export const actorWords = (name: string): string => WORDS[name] ?? name;
