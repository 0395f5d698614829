import { refuseByGit } from '../../local/git.ts';
import { providerBlock } from '../../local/hcl/provider.ts';
import { readSettingsFile } from '../../local/private-file.ts';
import { saveShellLines, saveTfvars, terraformValues } from '../../local/proxmox/terraform.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { failureOf, orFail } from '../local-failure.ts';
import { fileAt, type SourceOptions, settingsOf } from '../proxmox/source.ts';

export interface Options extends SourceOptions {
  readonly format?: 'tfvars' | 'env';
  readonly output?: string;
  readonly force?: boolean;
}

/** Values into a file of their own (they hold a secret), the provider block, which holds none, to the output. */
export async function run(options: Options, context: Context): Promise<void> {
  const settings = await settingsOf(options, context);
  if (settings.host === '') throw usageError('No host is known.', 'Run: tessera proxmox setup');
  const values = orFail(terraformValues(settings));
  const format = options.format ?? 'tfvars';
  const file = fileAt(options.output ?? (format === 'env' ? 'terraform.env' : 'terraform.tfvars'), context);
  const tracked = await refuseByGit(file);
  if (tracked !== null) throw failureOf(tracked);
  if (format === 'env') await writeShellLines(file, values, options.force === true);
  else orFail(await saveTfvars(file, values));
  const provider = providerBlock();
  const insecure = values.proxmox_tls_insecure === true;
  context.out.show({ saved: file, format, provider, insecure }, () => provider);
  if (context.out.json) return;
  context.out.remark(`Values saved to ${file}, readable by you alone (mode 600). Above: the provider block.`);
  if (format === 'env') context.out.remark(`Load them with: . '${file}'`);
  if (settings.pin !== '' || settings.caFile !== '')
    context.out.remark(
      "The provider knows no pin and no authority of its own: it trusts this machine's authorities. Where\nthe certificate is not among them, name the authority: export SSL_CERT_FILE=/path/to/pve-root-ca.pem",
    );
  if (insecure) context.out.remark('Warning: the certificate is not checked (proxmox_tls_insecure = true).');
}

/** Such a file is written whole, so one that was there must be ours to lose. */
async function writeShellLines(
  file: string,
  values: Parameters<typeof saveShellLines>[1],
  force: boolean,
): Promise<void> {
  const before = orFail(await readSettingsFile(file));
  const ours = before === null || /^(export TF_VAR_\w+=.*\n?)*$/.test(before.toString('latin1'));
  if (!ours && !force)
    throw usageError(`${file} holds other things.`, 'Name another with --output, or add --force.');
  orFail(await saveShellLines(file, values));
}
