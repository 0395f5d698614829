import type { Context } from '../context.ts';
import { onServer } from '../proxmox/on-server.ts';
import { seenCluster } from '../proxmox/seen.ts';
import { refuseBoth, type SourceOptions } from '../proxmox/source.ts';
import { findingText, templatesText } from '../test-view.ts';

/** An empty list is told apart from one that may not be seen. */
export async function run(options: SourceOptions, context: Context): Promise<void> {
  refuseBoth(options);
  if (options.connection !== undefined) {
    const { tessera, connection } = await onServer(options.connection, context);
    const { items } = await tessera.connections.templates(connection.id);
    if (items.length === 0 && !context.out.json) context.out.remark('There is no template.');
    else context.out.show(items, () => templatesText(context, items));
    return;
  }
  const { outcome } = await seenCluster(options, context);
  const { templates = [] } = outcome.facts as { readonly templates?: Readonly<Record<string, unknown>>[] };
  if (templates.length > 0 || context.out.json) {
    context.out.show(templates, () => templatesText(context, templates));
    return;
  }
  const none = outcome.findings.find((finding) => finding.code === 'TEMPLATES_NONE');
  context.out.remark(none === undefined ? 'There is no template.' : findingText(context, none));
}
