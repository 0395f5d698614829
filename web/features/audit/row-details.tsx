import { Modal, Stack, Table } from '@mantine/core';
import type { AuditRow } from '../../../src/wire/audit.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { exactTime } from '../../ui/time.tsx';

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
              {partsOf(row).map(([label, value]) => (
                <Table.Tr key={label}>
                  <Table.Th scope="row" w={110}>
                    {label}
                  </Table.Th>
                  <Table.Td className="break-anywhere">{value}</Table.Td>
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

function partsOf(row: AuditRow): [string, string][] {
  const call = [row.method, row.path].filter((part) => part !== null).join(' ');
  const parts: [string, string | null][] = [
    ['When', `${exactTime(row.at)} (${row.at})`],
    ['Who', row.actor],
    ['What', row.action],
    ['To what', row.subject],
    ['Token', row.token],
    ['From', row.address],
    ['Route', row.route],
    ['Call', call === '' ? null : call],
    ['Status', row.status === null ? null : String(row.status)],
  ];
  return parts.filter((part): part is [string, string] => part[1] !== null);
}
