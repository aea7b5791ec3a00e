/**
 * Validates what the simulated cameras answer against the ONVIF schemas, which are not part of this project:
 * `node --conditions=source --import tsx scripts/camera-simulator/validate-onvif.ts <folder of schemas> [--write]`.
 * With `--write` the answers, once valid, become the goldens that the tests hold the cameras to.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tinyMedia } from './camera-media.js';
import { startSimulator } from './simulator.js';
import { conversationFleet, converse } from './testing/onvif-conversations.js';
import { validateAgainstOnvif } from './testing/onvif-schemas.js';

const goldenFolder = new URL('../../test/fixtures/onvif/', import.meta.url);

async function main(): Promise<void> {
  const [folder, flag] = process.argv.slice(2);
  if (!folder) throw new Error('say where the ONVIF schemas are');
  const simulator = await startSimulator({ ...conversationFleet, media: tinyMedia });
  const conversations = await converse(simulator).finally(() => simulator.stop());
  const documents = conversations.map(({ path, answer }) => ({ fileName: path.replace('/', '-'), contents: answer }));
  const complaints = await validateAgainstOnvif(folder, documents);
  for (const complaint of complaints) console.error(complaint);
  console.log(`${documents.length} answers, ${complaints.length} complaints`);
  if (complaints.length > 0) process.exitCode = 1;
  if (complaints.length > 0 || flag !== '--write') return;
  for (const { path, golden } of conversations) {
    const target = fileURLToPath(new URL(path, goldenFolder));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, golden);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
