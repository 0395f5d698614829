/** Settings whose values are secrets, and what the files of other tools call theirs. */
const SECRETS =
  /^(TESSERA_(MASTER_KEY|BOOTSTRAP_TOKEN|DATABASE_URL|WEBHOOK_URL|OIDC_CLIENT_SECRET|TOKEN)|PROXMOX_.*(PASSW|TOKEN_VALUE|API_TOKEN).*|TF_VAR_.*(password|secret|token))$/;

/**
 * The environment as this process was given it. From then on the process itself no longer has its secrets: a
 * diagnostic report of a crash lists the environment, and programs started from here inherit it.
 */
export function takeEnvironment(): Readonly<Record<string, string | undefined>> {
  const given = { ...process.env };
  for (const name of Object.keys(given)) if (SECRETS.test(name)) delete process.env[name];
  return given;
}

const SECRET_FLAG = /^(--token(=|$)|-t)/;

/** A guide has people type a token after `--token`; lists of processes show it no longer than it takes to get here. */
export function hideArguments(argv: readonly string[]): void {
  if (argv.some((word) => SECRET_FLAG.test(word))) process.title = 'tessera';
}
