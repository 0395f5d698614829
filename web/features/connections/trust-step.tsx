import { Alert, Button, FileButton, Group, Radio, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ConnectionKind } from '../../../src/wire/connection-parts.ts';
import type { Inspection, TrustInput } from '../../../src/wire/connection-trust.ts';
import { tessera } from '../../api/tessera.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { DiagnosedError } from '../../ui/diagnosed-error.tsx';
import { Form } from '../../ui/form.tsx';
import { Icon } from '../../ui/icons.tsx';
import { CertificateCard } from './certificate-card.tsx';
import { KINDS } from './kinds.ts';

type Mode = TrustInput['mode'];

interface TrustStepProps {
  readonly kind: ConnectionKind;
  readonly url: string;
  readonly inspection: Inspection;
  readonly onDecided: (trust: TrustInput) => void;
}

/** The decision how the other side proves who it is, before anything is sent to it. */
export function TrustStep({ kind, url, inspection, onDecided }: TrustStepProps) {
  const [leaf] = inspection.chain;
  const [mode, setMode] = useState<Mode>(inspection.trusted ? 'system' : 'pin');
  const [ca, setCa] = useState('');
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState(inDays(30));
  const check = useMutation({
    mutationFn: (trust: TrustInput) => tessera.connections.inspect({ url, trust }),
    onSuccess: (seen, trust) => {
      if (seen.trusted) onDecided(trust);
    },
  });
  const decide = (): void => {
    if (mode === 'ca') check.mutate({ mode, ca });
    else if (mode === 'pin') onDecided({ mode, fingerprint: leaf?.fingerprint ?? '' });
    else if (mode === 'none') onDecided({ mode, reason: reason.trim(), until });
    else onDecided({ mode: 'system' });
  };
  const { compare } = KINDS[kind];
  if (leaf === undefined) return null;
  return (
    <Form onSubmit={() => decide()}>
      <Stack gap="md">
        {inspection.trusted ? (
          <Alert
            color="tile"
            icon={<Icon name="check" />}
            title="An authority this server knows vouches for it"
          />
        ) : (
          <Alert
            color="yellow"
            icon={<Icon name="warning" />}
            title="Nobody this server knows vouches for it"
          >
            {inspection.reason} Nothing has been sent yet. That is usual in a lab: look at the certificate and
            decide.
          </Alert>
        )}
        <CertificateCard certificate={leaf} />
        <Radio.Group
          label="How should it prove who it is from now on?"
          value={mode}
          onChange={(value) => setMode(value as Mode)}
        >
          <Stack gap="sm" mt="xs">
            <Radio
              value="system"
              label="By an authority this server knows"
              disabled={!inspection.trusted}
              description={inspection.trusted ? undefined : 'Not possible: none of them issued it'}
            />
            <Radio
              value="pin"
              label="By exactly this certificate"
              description="Any other one stops traffic, until you accept the new one"
            />
            <Radio
              value="ca"
              label="By an authority of my own"
              description={
                kind === 'proxmox'
                  ? 'Lasting: the cluster renews certificates, its authority stays (/etc/pve/pve-root-ca.pem)'
                  : 'A certificate authority of the house, as a PEM file'
              }
            />
            <Radio
              value="none"
              label="Not at all"
              description="Whoever stands in between can take the credential. For a reason, and until a day"
            />
          </Stack>
        </Radio.Group>
        {mode === 'pin' && compare !== null && (
          <Stack gap={6}>
            <Text size="sm">Compare the fingerprint with what the host itself says:</Text>
            <CodeBlock code={compare} label="Copy the command that shows the fingerprint" wraps />
          </Stack>
        )}
        {mode === 'ca' && (
          <Stack gap="xs">
            <Textarea
              label="Authority (PEM)"
              autosize
              minRows={4}
              maxRows={10}
              spellCheck={false}
              required
              withAsterisk={false}
              placeholder="-----BEGIN CERTIFICATE-----"
              value={ca}
              onChange={(event) => setCa(event.currentTarget.value)}
              error={
                check.data !== undefined && !check.data.trusted
                  ? (check.data.reason ?? 'It does not vouch for this certificate')
                  : undefined
              }
            />
            <Group>
              <FileButton
                onChange={(file) => {
                  if (file !== null) void file.text().then(setCa);
                }}
                accept=".pem,.crt,.cer,.txt"
              >
                {(props) => (
                  <Button {...props} size="xs" variant="default">
                    Choose a file
                  </Button>
                )}
              </FileButton>
            </Group>
          </Stack>
        )}
        {mode === 'none' && (
          <Group align="flex-start" grow>
            <TextInput
              label="Reason"
              required
              withAsterisk={false}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              description="Shown wherever the connection is shown"
            />
            <TextInput
              label="Until"
              type="date"
              required
              withAsterisk={false}
              min={inDays(1)}
              max={inDays(365)}
              value={until}
              onChange={(event) => setUntil(event.currentTarget.value)}
              description="Then nothing is sent any more"
            />
          </Group>
        )}
        {check.error !== null && <DiagnosedError error={check.error} />}
        <Group>
          <Button type="submit" loading={check.isPending}>
            {ACTIONS[mode]}
          </Button>
        </Group>
      </Stack>
    </Form>
  );
}

const ACTIONS: Readonly<Record<Mode, string>> = {
  system: 'Go on',
  pin: 'Trust exactly this certificate',
  ca: 'Trust this authority',
  none: 'Go on without checking',
};

/** A day of the calendar, UTC. */
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
