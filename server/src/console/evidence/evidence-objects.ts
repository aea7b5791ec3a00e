import { clipFile } from '@choi-canh/shared/evidence';
import { z } from 'zod';
import { clipFileKey } from './clip-response.js';

/** A file of evidence as the database promises it. */
export interface EvidenceObject {
  /** In the object store. */
  key: string;
  sha256: string;
  bytes: number;
}

const rowSchema = z.object({
  id: z.string(),
  files: z.preprocess((value) => (typeof value === 'string' ? JSON.parse(value) : value), z.array(clipFile)),
});

/** Read model: every file of evidence that must be in the object store. `query` runs SQL of both databases. */
export async function evidenceObjects(query: (sql: string) => Promise<unknown[]>): Promise<EvidenceObject[]> {
  const rows = await query(
    `SELECT id, files FROM clip WHERE state = 'done' AND deleted_at IS NULL ORDER BY created_at`,
  );
  return rows.flatMap((row) => {
    const { id, files } = rowSchema.parse(row);
    return files.map(({ index, sha256, bytes }) => ({ key: clipFileKey(id, index), sha256, bytes }));
  });
}
