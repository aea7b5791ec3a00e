import type { ReactNode } from 'react';

/** So many rows go with the signature to the next page where it would stand alone. */
const rowsWithFoot = 3;

/**
 * The rows of a table on paper. With a foot, the last rows and the foot are one body that no page divides; both
 * Chromium and Firefox keep a body whole, while only Chromium heeds where a page must not break before a row.
 */
export function PaperRows({ rows, foot }: { rows: readonly ReactNode[]; foot?: ReactNode }) {
  if (!foot) return <tbody>{rows}</tbody>;
  const before = rows.slice(0, -rowsWithFoot);
  return (
    <>
      {before.length > 0 && <tbody>{before}</tbody>}
      <tbody data-paper-end>
        {rows.slice(-rowsWithFoot)}
        {foot}
      </tbody>
    </>
  );
}
