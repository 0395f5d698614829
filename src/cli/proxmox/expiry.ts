import type { expiryOf } from '../moments.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The end of life in seconds since the epoch, as Proxmox counts; null for never, which is also the default. */
export function expirySeconds(expiry: ReturnType<typeof expiryOf>, nowMs: number): number | null {
  if (expiry === null) return null;
  if ('expires_at' in expiry)
    return expiry.expires_at === null ? null : Math.floor(Date.parse(expiry.expires_at) / 1000);
  const parts = /^(\d+)([smhd])$/.exec(expiry.expires_in);
  return Math.floor(nowMs / 1000) + Number(parts?.[1] ?? 0) * (UNITS[parts?.[2] ?? ''] ?? 0);
}
