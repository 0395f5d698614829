import type { ProxmoxSettings } from '../../local/proxmox/settings.ts';
import type { TestOutcome } from '../../local/report.ts';

/** Settings while they are being put together. */
export type Draft = { -readonly [K in keyof ProxmoxSettings]: ProxmoxSettings[K] };

export interface Template {
  readonly id: number;
  readonly name: string;
  readonly node: string;
}

/** Nodes and templates a test has seen. */
export function seenIn(outcome: TestOutcome): {
  readonly nodes: readonly string[];
  readonly templates: readonly Template[];
} {
  const { nodes, templates } = outcome.facts as {
    readonly nodes?: readonly { readonly name: string }[];
    readonly templates?: readonly Template[];
  };
  return { nodes: (nodes ?? []).map((node) => node.name), templates: templates ?? [] };
}

/** The node to propose: the one configured, else the guide's, else the first. */
export const likelyNode = (nodes: readonly string[], configured: string): string =>
  [configured, 'pve'].find((name) => nodes.includes(name)) ?? nodes[0] ?? (configured || 'pve');

const OS_NAMES: Readonly<Record<string, RegExp>> = { '22.04': /22/, '20.04': /20/ };

/**
 * The template to propose for an Ubuntu release: the one configured, else the first whose name speaks of the
 * release (`windows-2022` does not), else none.
 */
export function likelyTemplate(templates: readonly Template[], version: string, configured: string): string {
  if (templates.some((template) => String(template.id) === configured)) return configured;
  const linux = templates.filter((template) => !/win/i.test(template.name));
  const exact = new RegExp(version.replace('.', '\\.?'));
  const loose = OS_NAMES[version] ?? exact;
  const other = Object.keys(OS_NAMES).filter((each) => each !== version);
  const speaks = (name: string, pattern: RegExp): boolean =>
    pattern.test(name) && !other.some((each) => name.includes(each));
  const found =
    linux.find((template) => speaks(template.name, exact)) ??
    linux.find((template) => speaks(template.name, loose));
  return found === undefined ? 'none' : String(found.id);
}

/** Ids by release, as the settings keep them. */
export const templateList = (ids: Readonly<Record<string, string>>, keys: Readonly<Record<string, string>>) =>
  Object.entries(ids).flatMap(([version, id]) => {
    const key = keys[version];
    return id === 'none' || key === undefined ? [] : [{ id, version, key }];
  });
