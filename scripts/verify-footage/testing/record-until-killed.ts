// A recorder's footage and chain in a process of their own, for the test that kills it: cameras append as fast as the disk
// takes it, rotate all the time, retention deletes, heads are signed.
import { readFileSync } from 'node:fs';
import { fragmentAt } from '../../../server/src/recorder/footage/testing/test-fragments.js';
import { reviveMedia } from '../../../server/src/recorder/footage/testing/stored-media.js';
import { openRig } from './recorded-folder.js';
import { replaceHolds } from '../../../server/src/recorder/footage/testing/replace-holds.js';

const [folder, keys, mediaPath, startAt, run] = process.argv.slice(2);
const media = reviveMedia(readFileSync(mediaPath!));
const rig = await openRig(folder!, keys!);
rig.store.setRetention({ minFreeBytes: 0, daysOfCamera: new Map([['cam-3', 1]]) });
await replaceHolds(rig.store.holds, []);
process.stdout.write('started\n');

async function record(cameraId: string, beginAtMs: number): Promise<void> {
  for (let index = 0; ; index++) {
    await rig.store.append(cameraId, fragmentAt(media, index, { startAtMs: beginAtMs, run: Number(run) }));
    if (index % 3 === 2) await rig.store.closeCamera(cameraId);
    if (cameraId === 'cam-1' && index % 20 === 19) await rig.chain.sign('demand');
  }
}
const begin = Number(startAt);
// The footage of cam-3 is of days ago: each file is deleted soon after it was closed.
await Promise.all([record('cam-1', begin), record('cam-2', begin), record('cam-3', begin - 3 * 86_400_000)]);
