import { Card, Stack, Text, Title } from '@mantine/core';
import type { Certificate } from '../../../src/wire/connection-trust.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Facts } from '../../ui/facts.tsx';
import { exactTime } from '../../ui/time.tsx';
import classes from './connections.module.css';

interface CertificateCardProps {
  readonly certificate: Certificate;
  readonly title?: string;
}

/** A certificate as the other side shows it, for a decision about trust. */
export function CertificateCard({ certificate, title = 'Its certificate' }: CertificateCardProps) {
  const { subject, issuer, names, not_before, not_after, fingerprint, self_signed } = certificate;
  const ended = Date.parse(not_after) < Date.now();
  return (
    <Card padding="md" data-certificate>
      <Stack gap="sm">
        <Title order={3} fz="md">
          {title}
        </Title>
        <Facts
          facts={[
            ['For', names.length > 0 ? names.join(', ') : 'no name'],
            ['Subject', subject],
            ['Issued by', self_signed ? 'itself (self-signed)' : issuer],
            [
              'Valid',
              <Text span inherit key="valid" {...(ended ? { c: 'var(--mantine-color-error)' } : {})}>
                {exactTime(not_before)} to {exactTime(not_after)}
                {ended ? ' (ended)' : ''}
              </Text>,
            ],
            [
              'SHA-256',
              <span key="fingerprint">
                <span className={classes.fingerprint}>{fingerprint}</span>{' '}
                <CopyButton text={fingerprint} label="Copy the fingerprint" />
              </span>,
            ],
          ]}
        />
      </Stack>
    </Card>
  );
}
