import { Card, Loader, Stack, Text, Title } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { TesseraError } from '../../../src/client/error.ts';
import type { Problem } from '../../../src/wire/common.ts';
import type { Finding, Layer, Rights, TestLine, TestReport } from '../../../src/wire/diagnosis.ts';
import { Facts } from '../../ui/facts.tsx';
import { Findings } from '../../ui/findings.tsx';
import { Icon } from '../../ui/icons.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import classes from './connections.module.css';
import { RightsTable } from './rights-table.tsx';

const LAYERS: readonly (readonly [Layer, string])[] = [
  ['format', 'What was typed'],
  ['dns', 'Name'],
  ['tcp', 'Network'],
  ['tls', 'Certificate'],
  ['product', 'Product'],
  ['authentication', 'Login'],
  ['rights', 'Rights'],
  ['objects', 'Objects'],
];

export interface Watched {
  readonly running: boolean;
  readonly layer: Layer | null;
  readonly findings: readonly Finding[];
  readonly report: TestReport | null;
  readonly error: unknown;
}

const NOTHING: Watched = { running: false, layer: null, findings: [], report: null, error: null };

/** A test that is followed while it runs. Whoever leaves the page stops listening. */
export function useWatchedTest() {
  const [watched, setWatched] = useState<Watched>(NOTHING);
  const turn = useRef(0);
  useEffect(
    () => () => {
      turn.current += 1;
    },
    [],
  );
  const watch = useCallback(async (lines: AsyncIterable<TestLine>): Promise<TestReport | null> => {
    turn.current += 1;
    const mine = turn.current;
    setWatched({ ...NOTHING, running: true });
    try {
      for await (const line of lines) {
        if (turn.current !== mine) return null;
        if ('problem' in line) throw problemError(line.problem);
        if ('report' in line) {
          const { report } = line;
          setWatched({ ...NOTHING, findings: report.findings, report });
          return report;
        }
        setWatched({ ...NOTHING, running: true, layer: line.layer, findings: line.findings });
      }
      throw new TesseraError({
        code: 'broken_off',
        message: 'The test broke off before it came to an end.',
        fix: 'Try again.',
      });
    } catch (error) {
      if (turn.current === mine) setWatched({ ...NOTHING, error });
      return null;
    }
  }, []);
  const clear = useCallback(() => {
    turn.current += 1;
    setWatched(NOTHING);
  }, []);
  return { watched, watch, clear };
}

type LayerLook = 'passed' | 'warned' | 'failed' | 'not_reached' | 'running';

function looksOf({ running, layer, findings, report }: Watched): readonly LayerLook[] {
  if (report !== null)
    return LAYERS.map(([name]) => report.layers.find((one) => one.layer === name)?.state ?? 'not_reached');
  const now = LAYERS.findIndex(([name]) => name === layer);
  return LAYERS.map(([name], at) => {
    if (at > now) return 'not_reached';
    if (at === now) return running ? 'running' : 'not_reached';
    return findings.some((finding) => finding.layer === name) ? 'warned' : 'passed';
  });
}

const SAID: Readonly<Record<LayerLook, string>> = {
  passed: 'good',
  warned: 'with a remark',
  failed: 'failed',
  not_reached: 'not reached',
  running: 'looking',
};

/** How far a test is, and what it found until now. */
export function WatchedTest({ watched }: { readonly watched: Watched }) {
  const { running, findings, report, error } = watched;
  if (error !== null) return <ErrorState error={error} title="The test could not be made" />;
  if (!running && report === null) return null;
  const looks = looksOf(watched);
  return (
    <Stack gap="md" data-test={running ? 'running' : 'done'}>
      <Card padding="md">
        <Stack gap="sm">
          <Title order={3} fz="md" aria-live="polite">
            {report === null ? 'Testing...' : report.ok ? 'It works' : 'It does not work yet'}
          </Title>
          <ul className={classes.layers} aria-label="How far the test came">
            {LAYERS.map(([name, words], at) => (
              <li key={name} className={classes.layer} data-state={looks[at]}>
                <LayerSign look={looks[at] ?? 'not_reached'} />
                {words}
                <span className="visually-hidden">: {SAID[looks[at] ?? 'not_reached']}</span>
              </li>
            ))}
          </ul>
          {report !== null && (
            <>
              <Text size="sm" className={classes.foreign}>
                {report.sentence}
              </Text>
              <ReportFacts report={report} />
            </>
          )}
        </Stack>
      </Card>
      <div aria-live="polite">
        <Findings findings={findings} />
      </div>
      {report !== null && rightsOf(report) !== null && <RightsOf rights={rightsOf(report)} />}
    </Stack>
  );
}

function LayerSign({ look }: { readonly look: LayerLook }) {
  if (look === 'running') return <Loader size={14} />;
  const names = { passed: 'check', warned: 'warning', failed: 'cross', not_reached: 'clock' } as const;
  return <Icon name={names[look]} size={16} />;
}

/** What the kind of system tells comes as it is; only what is understood is shown. */
function ReportFacts({ report }: { readonly report: TestReport }) {
  const { nodes, templates, hosts, hypervisors, scopes, roles } = report.facts;
  const names = (value: unknown): string =>
    Array.isArray(value)
      ? value
          .map((one) =>
            typeof one === 'object' && one !== null
              ? String((one as Record<string, unknown>).name ?? '')
              : String(one),
          )
          .join(', ')
      : '';
  const count = (value: unknown): string => (typeof value === 'number' ? String(value) : '');
  return (
    <Facts
      facts={[
        ['Known there as', report.identity],
        ['Version', report.version],
        ['Nodes', names(nodes)],
        ['Templates', names(templates)],
        ['Hosts', count(hosts)],
        ['Hypervisors', count(hypervisors)],
        ['Scopes', names(scopes)],
        ['Roles', names(roles)],
        [
          'Credential ends',
          report.ok ? <Time key="ends" at={report.credential_expires_at} never="never, or not told" /> : null,
        ],
        ['Took', `${report.duration_ms} ms`],
      ]}
    />
  );
}

function rightsOf(report: TestReport): Rights | null {
  const { rights } = report.facts as { rights?: Rights };
  return rights === undefined || !Array.isArray(rights.lines) ? null : rights;
}

function RightsOf({ rights }: { readonly rights: Rights | null }) {
  return rights === null ? null : <RightsTable rights={rights} />;
}

const problemError = ({ code, detail, fix, errors }: Problem): TesseraError =>
  new TesseraError({
    code,
    message: detail,
    ...(fix === undefined ? {} : { fix }),
    fields: errors ?? [],
  });
