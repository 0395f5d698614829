import type { Context } from '../context.ts';
import { seenCluster } from '../proxmox/seen.ts';
import type { SourceOptions } from '../proxmox/source.ts';
import { findingText, templatesText } from '../test-view.ts';

/** An empty list is told apart from one that may not be seen. */
export async function run(options: SourceOptions, context: Context): Promise<void> {
  const { outcome } = await seenCluster(options, context);
  const { templates = [] } = outcome.facts as { readonly templates?: Readonly<Record<string, unknown>>[] };
  if (templates.length > 0 || context.out.json) {
    context.out.show(templates, () => templatesText(context, templates));
    return;
  }
  const none = outcome.findings.find((finding) => finding.code === 'TEMPLATES_NONE');
  context.out.remark(none === undefined ? 'There is no template.' : findingText(context, none));
}
