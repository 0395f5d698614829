import { readFileSync } from 'node:fs';
import { z } from 'zod';

const amounts = z.record(z.string().min(1), z.int().min(0)).default({});

const Quota = z.strictObject({
  api: amounts,
  disk: amounts,
  notebook: z
    .strictObject({ cpu: z.number().min(0), memory: z.number().min(0), spawn: z.boolean().default(true) })
    .nullable()
    .default(null),
  tap: z.record(z.string().min(1), z.strictObject({ concurrent: z.int().min(0) })).default({}),
});

const NOTHING = { api: {}, disk: {}, notebook: null, tap: {} };

const QuotaFile = z.strictObject({
  default: Quota.default(NOTHING),
  groups: z.record(z.string().min(1), Quota).default({}),
  bypass: z.array(z.string().min(1)).default([]),
});

export type ConfiguredQuotas = z.output<typeof QuotaFile>;

/**
 * Reads the quotas of the installation: `{"default": QUOTA, "groups": {NAME: QUOTA}, "bypass": [NAME]}`, where a
 * quota is `{"api": {SERVICE: calls per minute}, "disk": {MOUNT: bytes}, "notebook": {...}, "tap": {...}}`. Every
 * fault is listed with its place in the file.
 */
export function readQuotaFile(
  path: string,
): { ok: true; value: ConfiguredQuotas } | { ok: false; error: string[] } {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { ok: false, error: [`${path} cannot be read as JSON: ${(error as Error).message}`] };
  }
  const parsed = QuotaFile.safeParse(content);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    error: parsed.error.issues.map(
      (issue) => `${path}, at ${issue.path.join('.') || 'the top'}: ${issue.message}`,
    ),
  };
}
