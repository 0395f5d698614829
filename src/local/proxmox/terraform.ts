import { err, ok, type Result } from '../../base/result.ts';
import { readHost } from '../../kinds/proxmox/host.ts';
import { originUrl } from '../../outbound/origin.ts';
import { refuseByGit } from '../git.ts';
import { editTfvars, type HclValue } from '../hcl/edit.ts';
import { readTfvars } from '../hcl/read.ts';
import { readSettingsFile, refuseTarget, writePrivateFile } from '../private-file.ts';
import { quoteShell } from '../shell.ts';
import { utf8Text } from '../text-file.ts';
import { chooseCredential } from './access.ts';
import { DEFAULT_USER, type ProxmoxSettings, TFVARS_NAMES } from './settings.ts';

/**
 * Values of Terraform's variables: token id and secret where there is a token, else user and password; what does
 * not apply is empty, so that the provider block chooses rightly. `insecure` only where nothing is checked here
 * either, because the provider knows neither pins nor an authority of its own.
 */
export function terraformValues(settings: ProxmoxSettings): Result<Record<string, HclValue>> {
  const host = readHost(settings.host, settings.names.host);
  if (!host.ok) return host;
  const chosen = chooseCredential(settings);
  if (!chosen.ok) return chosen;
  const { method, identity, secret } = chosen.value.credential;
  const byToken = method === 'token';
  const checked =
    settings.pin !== '' || settings.caFile !== '' || !/^(false|0|no|off)$/.test(settings.verify);
  return ok({
    [TFVARS_NAMES.host]: `${originUrl(host.value.origin)}/api2/json`,
    [TFVARS_NAMES.token]: byToken ? identity : '',
    [TFVARS_NAMES.secret]: byToken ? secret.reveal() : '',
    [TFVARS_NAMES.user]: byToken ? settings.user || DEFAULT_USER : identity,
    [TFVARS_NAMES.password]: byToken ? '' : secret.reveal(),
    [TFVARS_NAMES.verify]: !checked,
    ...(settings.node === '' ? {} : { [TFVARS_NAMES.node]: settings.node }),
  });
}

/** The two variables of a token. */
export const terraformToken = (identity: string, secret: string): Readonly<Record<string, HclValue>> => ({
  [TFVARS_NAMES.token]: identity,
  [TFVARS_NAMES.secret]: secret,
});

/** Why the file must not receive a secret, or null. */
export const refuseSecretFile = async (file: string) =>
  (await refuseTarget(file)) ?? (await refuseByGit(file));

/** Sets variables in a `terraform.tfvars` (mode 600), keeping everything else in it. */
export async function saveTfvars(
  file: string,
  values: Readonly<Record<string, HclValue>>,
): Promise<Result<true>> {
  const refused = await refuseSecretFile(file);
  if (refused !== null) return err(refused);
  const bytes = await readSettingsFile(file);
  if (!bytes.ok) return bytes;
  const text = utf8Text(bytes.value ?? Buffer.alloc(0), file);
  if (!text.ok) return text;
  const edited = editTfvars(text.value, values, file);
  return edited.ok ? writePrivateFile(file, Buffer.from(edited.value)) : edited;
}

/** Lines for a shell that set the same variables: `. ./terraform.env`. The file is ours alone and written anew. */
export async function saveShellLines(
  file: string,
  values: Readonly<Record<string, HclValue>>,
): Promise<Result<true>> {
  const refused = await refuseSecretFile(file);
  if (refused !== null) return err(refused);
  const lines = Object.entries(values).map(
    ([name, value]) => `export TF_VAR_${name}=${quoteShell(String(value))}\n`,
  );
  return writePrivateFile(file, Buffer.from(lines.join('')));
}

/** The token id a `terraform.tfvars` holds; empty where it holds none or is none. */
export async function tokenIdInTfvars(file: string): Promise<string> {
  const bytes = await readSettingsFile(file);
  const entries = bytes.ok && bytes.value !== null ? readTfvars(bytes.value.toString('utf8'), file) : null;
  return entries?.ok ? (entries.value.find((entry) => entry.name === TFVARS_NAMES.token)?.value ?? '') : '';
}
