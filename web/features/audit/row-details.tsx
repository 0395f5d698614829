import { Group, Modal, Stack, Table } from '@mantine/core';
import type { AuditRow } from '../../../src/wire/audit.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { TextLink } from '../../ui/links.tsx';
import { exactTime } from '../../ui/time.tsx';
import type { AuditSearch } from './filter.ts';

interface RowDetailsProps {
  readonly row: AuditRow | null;
  readonly onClose: () => void;
}

/** All that one row says. */
export function RowDetails({ row, onClose }: RowDetailsProps) {
  return (
    <Modal opened={row !== null} onClose={onClose} title={row === null ? '' : `Row ${row.seq}`} size="lg">
      {row !== null && (
        <Stack gap="md">
          <Table variant="vertical" layout="fixed">
            <Table.Tbody>
              {partsOf(row).map(([label, value, alike]) => (
                <Table.Tr key={label}>
                  <Table.Th scope="row" w={110}>
                    {label}
                  </Table.Th>
                  <Table.Td className="break-anywhere">
                    <Group justify="space-between" gap="xs">
                      <span>{value}</span>
                      {alike !== undefined && (
                        <TextLink
                          to="/audit"
                          search={alike}
                          size="sm"
                          underline="always"
                          aria-label={`Only these: ${label}, ${value}`}
                          onClick={onClose}
                        >
                          Only these
                        </TextLink>
                      )}
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {Object.keys(row.detail).length > 0 && (
            <CodeBlock code={JSON.stringify(row.detail, null, 2)} label="Copy the details" height={320} />
          )}
        </Stack>
      )}
    </Modal>
  );
}

/** Name, value, and the search that finds every row with that value. */
type Part = readonly [name: string, value: string, alike?: AuditSearch];

function partsOf(row: AuditRow): Part[] {
  const call = [row.method, row.path].filter((part) => part !== null).join(' ');
  const parts: (readonly [string, string | null, AuditSearch?])[] = [
    ['When', `${exactTime(row.at)} (${row.at})`],
    ['Who', row.actor, { actor: row.actor }],
    ['What', row.action, { action: row.action }],
    ['To what', row.subject, { subject: row.subject ?? undefined }],
    ['Token', row.token, { token: row.token ?? undefined }],
    ['From', row.address],
    ['Route', row.route, { route: row.route ?? undefined }],
    ['Call', call === '' ? null : call],
    ['Status', row.status === null ? null : String(row.status)],
  ];
  return parts.filter((part): part is Part => part[1] !== null);
}
