import { type Answer, done, notFound } from '../answer.ts';
import { type ComputeResource, viewTime } from '../state.ts';
import type { Call, CallContext } from './call.ts';
import { inScope, listAnswer } from './listing.ts';

const FIELDS = { known: ['name', 'id', 'type', 'organization_id', 'location_id'], byDefault: ['name'] };

const visible = (context: CallContext): ComputeResource[] =>
  [...context.foreman.computeResources.values()].filter((one) =>
    inScope(context, one.organizationIds, one.locationIds),
  );

function present(one: ComputeResource): Record<string, unknown> {
  return {
    description: one.description,
    url: one.url,
    ...one.details,
    created_at: viewTime(one.createdAtMs),
    updated_at: viewTime(one.createdAtMs),
    id: one.id,
    name: one.name,
    provider: one.provider,
    provider_friendly_name: one.providerFriendlyName,
  };
}

function list(context: CallContext): Answer {
  return listAnswer(context, {
    rows: visible(context),
    fields: FIELDS,
    valueOf: (one) => (field) =>
      ({
        id: String(one.id),
        name: one.name,
        type: one.provider,
        organization_id: String(one.organizationIds[0]),
        location_id: String(one.locationIds[0]),
      })[field],
    present,
    createPermission: 'create_compute_resources',
  });
}

function show(context: CallContext): Answer {
  const key = context.inPath.id ?? '';
  const one = visible(context).find((row) => String(row.id) === key || row.name === key);
  return one === undefined ? notFound('compute_resource', key) : done(present(one));
}

export function computeResourceCalls(): Call[] {
  const common = {
    method: 'GET',
    resource: 'compute_resources',
    needs: () => ['view_compute_resources'],
  } as const;
  return [
    { ...common, path: '/compute_resources', action: 'index', answer: list },
    { ...common, path: '/compute_resources/:id', action: 'show', answer: show },
  ];
}
