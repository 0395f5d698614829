import { z } from 'zod';
import { Finding } from './diagnosis.ts';

/** What stands in the systems behind connections. */

export const HostQuery = z.strictObject({
  search: z.string().max(1000).optional().meta({ description: "Foreman's own search language" }),
  organization_id: z.coerce.number().int().min(1).optional(),
  location_id: z.coerce.number().int().min(1).optional(),
  per_page: z.coerce.number().int().min(1).max(1000).default(100),
});
export type HostQuery = z.input<typeof HostQuery>;

/**
 * One line of a listing (`application/x-ndjson`): pages as they arrive, then exactly one last line that says
 * whether the list is whole.
 */
export const InventoryLine = z
  .union([
    z.object({
      rows: z.array(z.record(z.string(), z.unknown())),
      total: z.int().meta({ description: 'Rows the credential may see' }),
      subtotal: z.int().meta({ description: 'Rows that match the search' }),
      seen: z.int().meta({ description: 'Rows so far, these included' }),
    }),
    z.object({ end: z.literal('complete'), seen: z.int() }),
    z.object({ end: z.literal('failed'), seen: z.int(), finding: Finding }),
  ])
  .meta({ id: 'InventoryLine' });
export type InventoryLine = z.infer<typeof InventoryLine>;

export const HostPart = z.enum(['facts', 'parameters', 'puppetclasses']);
/** A host as Foreman tells it. */
export const Host = z.record(z.string(), z.unknown()).meta({ id: 'Host' });
export const HostDetails = z.object({ value: z.unknown() }).meta({ id: 'HostDetails' });

export const NodeList = z
  .object({ items: z.array(z.object({ name: z.string(), status: z.string() })) })
  .meta({ id: 'NodeList' });
export type NodeList = z.infer<typeof NodeList>;

export const Template = z
  .object({
    id: z.int(),
    name: z.string(),
    node: z.string(),
    type: z.enum(['qemu', 'lxc']),
    os_type: z.string().nullable(),
    cloud_init: z.boolean().nullable(),
    agent: z.boolean().nullable(),
    storage: z.string().nullable(),
    bridge: z.string().nullable(),
    disk_gib: z.number().nullable(),
    unreadable: z.string().nullable().meta({ description: 'Why its configuration could not be read' }),
  })
  .meta({ id: 'Template' });
export const TemplateList = z.object({ items: z.array(Template) }).meta({ id: 'TemplateList' });
export type TemplateList = z.infer<typeof TemplateList>;
