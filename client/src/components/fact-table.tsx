import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** Facts about one thing, a row each: what it is, and what it says. */
export function FactTable({ rows }: { rows: readonly (readonly [label: string, value: ReactNode])[] }) {
  return (
    <Table variant="vertical" withRowBorders>
      <Table.Tbody>
        {rows.map(([label, value]) => (
          <Table.Tr key={label}>
            <Table.Th w="38%" fw={500}>
              {label}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
