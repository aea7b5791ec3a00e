/**
 * What the native engine makes of streams as cameras sent them: a line each, pictures sent, samples recorded, pictures that
 * ffmpeg decodes from them and what it complains about. `npm run replay -- FOLDER…`; the form of a folder is that of
 * test/fixtures/streams/README.md.
 */
import { decodeFragments } from './decode.js';
import { replayCase } from './replay-case.js';
import { readStreamCase } from './stream-case.js';

const nameColumns = 34;

function line(folder: string): string {
  const one = readStreamCase(folder);
  const { fragments, runs, lostPackets, troubles, time, failure } = replayCase(one);
  const samples = fragments.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  const { pictures, errorLines, inits } = decodeFragments(fragments);
  const decoded =
    fragments.length === 0 ? '-' : `${pictures} decoded, ${errorLines} lines of decoder errors, ${inits} inits`;
  return [
    `${one.name.padEnd(nameColumns)} ${one.pictures} pictures sent`,
    ...[`${samples} samples`, decoded, `runs ${runs}`, `lost ${lostPackets}`],
    ...(failure === undefined ? [] : [`FAILED: ${failure.message}`]),
    ...(troubles.length === 0 ? [] : [troubles.join('; ')]),
    ...(time === undefined ? [] : [`time ${time.source} ±${Math.round(time.errorMs)}`]),
  ].join(', ');
}

const folders = process.argv.slice(2);
if (folders.length === 0 || folders.includes('--help')) {
  console.log('npm run replay -- FOLDER…   plays sdp.txt and packets.jsonl of each folder into the native engine');
  process.exit(folders.length === 0 ? 2 : 0);
}
for (const folder of folders) {
  try {
    console.log(line(folder));
  } catch (error) {
    console.error(`${folder}: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`);
    process.exitCode = 1;
  }
}
