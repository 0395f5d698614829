import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Connection } from '../../../src/wire/connections.ts';
import { tessera } from '../../api/tessera.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { Facts } from '../../ui/facts.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { dayOf, Time } from '../../ui/time.tsx';
import { CertificateCard } from './certificate-card.tsx';
import classes from './connections.module.css';
import { KINDS } from './kinds.ts';
import { trustWords } from './state-badge.tsx';

interface TrustCardProps {
  readonly connection: Connection;
  readonly manages: boolean;
}

/** How the other side proves who it is; a certificate that changed is accepted here, seen beside the old one. */
export function TrustCard({ connection, manages }: TrustCardProps) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { id, name, kind, trust, origin } = connection;
  const look = useMutation({ mutationFn: () => tessera.connections.inspectTrust(id) });
  const [leaf] = look.data?.chain ?? [];
  const pin = useMutation({
    mutationFn: (fingerprint: string) =>
      tessera.connections.update(id, { trust: { mode: 'pin', fingerprint }, test: false }),
    async onSuccess() {
      setAsking(false);
      look.reset();
      await queries.invalidateQueries({ queryKey: ['connections'] });
      notifyDone(`${name} trusts exactly this certificate.`);
    },
  });
  const { compare } = KINDS[kind];
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} fz="h4">
            Trust
          </Title>
          {manages && origin.startsWith('https:') && (
            <Button size="xs" variant="default" loading={look.isPending} onClick={() => look.mutate()}>
              Look at its certificate
            </Button>
          )}
        </Group>
        <Facts
          facts={[
            ['By', origin.startsWith('http:') ? 'nothing: the address is not encrypted' : trustWords(trust)],
            [
              'SHA-256',
              trust.fingerprint === null ? null : (
                <span key="pin" className={classes.fingerprint}>
                  {trust.fingerprint}
                </span>
              ),
            ],
            ['Pinned', trust.pinned_at === null ? null : <Time key="at" at={trust.pinned_at} />],
            [
              'Authority',
              trust.authorities === null
                ? null
                : trust.authorities.map((one) => `${one.subject}, until ${dayOf(one.expires_at)}`).join('; '),
            ],
            ['Reason', trust.reason],
            ['Until', trust.until === null ? null : <Time key="until" at={trust.until} />],
          ]}
        />
        {look.error !== null && <DiagnosedError error={look.error} />}
        {look.data !== undefined && (
          <>
            {look.data.changed ? (
              <Alert color="red" role="alert" title="It shows another certificate than the pinned one">
                Nothing is sent to it. Was it renewed, then accept the new one; if nobody renewed it, somebody
                may stand in between.
              </Alert>
            ) : (
              <Alert
                color={look.data.trusted ? 'tile' : 'orange'}
                title={look.data.trusted ? 'Trust holds' : 'Trust does not hold'}
              >
                {look.data.reason ?? 'It proves who it is, as agreed.'}
              </Alert>
            )}
            {leaf !== undefined && <CertificateCard certificate={leaf} title="Shown now" />}
            {manages && leaf !== undefined && (look.data.changed || trust.mode === 'none') && (
              <Stack gap="xs" align="flex-start">
                {compare !== null && (
                  <>
                    <Text size="sm">Compare the fingerprint with what the host itself says:</Text>
                    <CodeBlock code={compare} label="Copy the command that shows the fingerprint" wraps />
                  </>
                )}
                <Button color="red" onClick={() => setAsking(true)}>
                  Trust exactly this certificate
                </Button>
              </Stack>
            )}
            <ConfirmDialog
              opened={asking}
              onClose={() => setAsking(false)}
              title="Trust the certificate shown?"
              consequences={[
                <span key="new" className={classes.fingerprint}>
                  New: {leaf?.fingerprint}
                </span>,
                ...(trust.fingerprint === null
                  ? []
                  : [
                      <span key="old" className={classes.fingerprint}>
                        Until now: {trust.fingerprint}
                      </span>,
                    ]),
                'From now on the credential is sent to whoever shows it.',
              ]}
              action="Trust it"
              onConfirm={() => pin.mutate(leaf?.fingerprint ?? '')}
              pending={pin.isPending}
              error={pin.error}
            />
          </>
        )}
      </Stack>
    </Card>
  );
}
