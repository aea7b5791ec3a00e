import { closeSync, ftruncateSync, linkSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { openCatalogueDatabase, type CatalogueRow } from '../../../server/src/recorder/footage/catalogue-database.js';
import { fileIdOf, footagePath } from '../../../server/src/recorder/footage/footage-paths.js';
import {
  encodeClosingRecord,
  encodeIndexHeader,
  encodeIndexRecord,
} from '../../../server/src/recorder/footage/index-file.js';
import { catalogueRow } from '../../../server/src/recorder/footage/recover-file.js';

const fileMs = 600_000;
/** ext4 takes 65 000 names of one file. */
const namesPerFile = 60_000;
const mediaBytes = 28_800_000;

/** Beyond this the indexes share inodes as well, or making the archive would take most of an hour. */
const mostOwnIndexes = 100_000;

/**
 * An archive of `files` footage files of ten minutes: real folders with real names, and a row for each in the catalogue.
 * The media files are holes that share their inodes, since what is in them is not looked at. With `nameDays` the folders older than that
 * stay empty.
 */
export async function makeArchive(
  directory: string,
  files: number,
  cameras: number,
  nameDays: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const empty = openCatalogueDatabase(join(directory, 'catalogue.sqlite'));
  empty.setMeta('rebuilt', 'yes');
  empty.close();
  // Filled past the recorder's own careful way, which flushes and keeps little in memory.
  const db = new Database(join(directory, 'catalogue.sqlite'));
  db.pragma('synchronous = OFF');
  db.pragma('cache_size = -1000000');
  const insert = db.prepare(
    'INSERT INTO file (id, camera_id, path, epoch, start_ms, end_ms, bytes, row) VALUES (?, ?, ?, 0, ?, ?, ?, ?)',
  );
  const insertAll = db.transaction((rows: CatalogueRow[]) => {
    for (const row of rows)
      insert.run(row.id, row.cameraId, row.path, row.startAtMs, row.endAtMs, row.byteLength, JSON.stringify(row));
  });
  const perCamera = Math.ceil(files / cameras);
  const newestMs = Math.floor((Date.now() - 3_600_000) / fileMs) * fileMs;
  let source = '';
  let made = 0;
  const folders = new Set<string>();
  for (let camera = 1; camera <= cameras; camera++) {
    const cameraId = `camera-${String(camera).padStart(4, '0')}`;
    const rows: CatalogueRow[] = [];
    for (let at = 0; at < perCamera && made < files; at++, made++) {
      if (made % namesPerFile === 0) {
        source = join(directory, `..`, `media-${made / namesPerFile}`);
        const fd = openSync(source, 'w');
        writeSync(fd, 'x');
        ftruncateSync(fd, mediaBytes);
        closeSync(fd);
        writeFileSync(`${source}.idx`, 'an index');
      }
      const startAtMs = newestMs - at * fileMs + camera;
      const path = footagePath(cameraId, startAtMs, 1);
      const isNamed = newestMs - startAtMs < nameDays * 86_400_000;
      const folder = join(directory, path, '..');
      if (!folders.has(folder)) {
        mkdirSync(folder, { recursive: true });
        folders.add(folder);
      }
      const header = {
        ...{ fileId: fileIdOf(path), cameraId, run: 1, epoch: 0, initId: '0123456789abcdef', initByteLength: 700 },
        ...{ codec: 'avc1.64001f', width: 1920, height: 1080, timescale: 90_000, trackId: 1 },
      };
      const record = {
        ...{ offset: 732, byteLength: mediaBytes - 732, sampleCount: 15_000, startAtMs, durationMs: fileMs - 1 },
        ...{ baseMediaDecodeTime: 0n, independent: true, timeSource: 'rtcp' as const, sha256: Buffer.alloc(32) },
      };
      rows.push(catalogueRow(header, [record], path));
      if (!isNamed) continue;
      linkSync(source, join(directory, path));
      const indexPath = join(directory, path.replace('.mp4', '.idx'));
      if (files > mostOwnIndexes) linkSync(`${source}.idx`, indexPath);
      else
        writeFileSync(
          indexPath,
          Buffer.concat([encodeIndexHeader(header), encodeIndexRecord(record), encodeClosingRecord(mediaBytes)]),
        );
    }
    insertAll(rows);
    await setImmediate(); // so that an interruption is noticed
    if (signal.aborted) break;
    if (camera % 50 === 0) say(`  ${made} of ${files} files made`);
  }
  db.close();
}
