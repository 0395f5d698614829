import type { Context } from '../context.ts';
import { type ConfigChoice, foremanConfig } from '../foreman/config.ts';
import { field } from '../foreman/rows.ts';

export interface Options extends ConfigChoice {
  readonly host: string;
}

const PARTS: readonly (readonly [string, ...string[]])[] = [
  ['ID', 'id'],
  ['Name', 'name'],
  ['IP', 'ip'],
  ['MAC', 'mac'],
  ['OS', 'operatingsystem_name'],
  ['Environment', 'environment_name'],
  ['Compute', 'compute_resource_name'],
  ['Model', 'model_name'],
  ['Hostgroup', 'hostgroup_title', 'hostgroup_name'],
  ['Organization', 'organization_name'],
  ['Location', 'location_name'],
  ['Owner', 'owner_name'],
  ['Status', 'global_status_label'],
  ['Last report', 'last_report'],
  ['Created', 'created_at'],
  ['Comment', 'comment'],
];

export async function run(options: Options, context: Context): Promise<void> {
  const { tessera, config } = await foremanConfig(options, context);
  const host = await tessera.connections.host(config.id, options.host);
  context.out.record(
    host,
    PARTS.map(([label, ...names]) => [label, field(host, ...names) || null] as const),
  );
}
