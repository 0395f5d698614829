import { type Fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { startForemanDouble } from './foreman/double.ts';
import { foremanFaults, isForemanFault } from './foreman/faults.ts';
import { startProxmoxDouble } from './proxmox/double.ts';
import { RELEASES, type Release } from './proxmox/editions.ts';
import { isProxmoxFault, proxmoxFaults } from './proxmox/faults.ts';

export type DoubleName = 'proxmox' | 'foreman';

export interface RunOptions {
  /** 0 asks the system for a free one. */
  readonly port?: number;
  /** Of Proxmox; the last one given counts, 9 without any. */
  readonly release?: string | readonly string[];
  readonly fault?: readonly string[];
  readonly http?: boolean;
}

interface Running {
  readonly announcement: object;
  close(): Promise<void>;
}

/** Every code must be one of the double's own. */
function checkedFaults<T extends string>(
  given: readonly string[],
  known: ReadonlyMap<string, string>,
  isKnown: (code: string) => code is T,
): Result<T[]> {
  const unknown = given.find((code) => !isKnown(code));
  if (unknown === undefined) return ok(given.filter(isKnown));
  return err(
    fieldFault(
      'invalid_request',
      '--fault',
      `'${unknown}' is not known`,
      `One of: ${[...known.keys()].join(', ')}`,
    ),
  );
}

const isRelease = (text: string): text is Release => (RELEASES as readonly string[]).includes(text);

async function startProxmox(options: RunOptions): Promise<Result<Running>> {
  const faults = checkedFaults(options.fault ?? [], proxmoxFaults, isProxmoxFault);
  if (!faults.ok) return faults;
  const release = [options.release ?? []].flat().at(-1) ?? '9';
  if (!isRelease(release))
    return err(
      fieldFault(
        'invalid_request',
        '--release',
        `'${release}' is not known`,
        `One of: ${RELEASES.join(', ')}`,
      ),
    );
  const double = await startProxmoxDouble({
    port: options.port ?? 0,
    release,
    faults: faults.value,
    http: options.http ?? false,
  });
  const { url, port, fingerprint, ca, credentials } = double;
  return ok({
    announcement: {
      product: 'proxmox',
      release,
      url,
      port,
      fingerprint,
      ca,
      credentials,
      faults: faults.value,
    },
    close: double.close,
  });
}

async function startForeman(options: RunOptions): Promise<Result<Running>> {
  const faults = checkedFaults(options.fault ?? [], foremanFaults, isForemanFault);
  if (!faults.ok) return faults;
  const double = await startForemanDouble({
    port: options.port ?? 0,
    faults: faults.value,
    http: options.http ?? false,
  });
  const { url, port, fingerprint, ca, credentials } = double;
  return ok({
    announcement: { product: 'foreman', url, port, fingerprint, ca, credentials, faults: faults.value },
    close: double.close,
  });
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

/**
 * Runs a double as a program until SIGTERM or SIGINT: the first line on standard output is one JSON object with
 * address, certificate and every seeded credential.
 * @returns invalid_request for a fault code or release that is not known
 */
export async function runDouble(name: DoubleName, options: RunOptions): Promise<Result<void, Fault>> {
  const running = await (name === 'proxmox' ? startProxmox(options) : startForeman(options));
  if (!running.ok) return running;
  const stopped = stopSignal();
  process.stdout.write(`${JSON.stringify(running.value.announcement)}\n`);
  await stopped;
  await running.value.close();
  return ok(undefined);
}
