import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './data-table.module.css';

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** The column takes no more room than it needs. */
  readonly narrow?: boolean;
  /** Sentences: on a phone they stand below the name of the column, over the whole width. */
  readonly long?: boolean;
}

interface DataTableProps<Row> {
  /** What the rows are, for those who hear the table. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
}

/** A table; on a phone each row is a card whose lines bear the names of the columns. */
export function DataTable<Row>({ label, columns, rows, rowKey }: DataTableProps<Row>) {
  return (
    <div className={classes.frame}>
      <Table
        aria-label={label}
        className={classes.table}
        verticalSpacing="sm"
        horizontalSpacing="md"
        highlightOnHover
      >
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ header, narrow }) => (
              <Table.Th key={header} scope="col" className={narrow ? classes.narrow : undefined}>
                {header}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={rowKey(row)}>
              {columns.map(({ header, cell, narrow, long }) => (
                <Table.Td
                  key={header}
                  data-label={header}
                  data-long={long}
                  className={narrow ? classes.narrowCell : undefined}
                >
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
