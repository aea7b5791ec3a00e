import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../lib/clock.js';
import { newPairingCode } from '../../lib/pairing.js';
import { writePrivateFile } from '../../platform/objects/private-file.js';

const kept = z.object({ code: z.string(), madeAtMs: z.number(), triesLeft: z.int() });

export const pairingCodeMinutes = 15;
const lifeMs = pairingCodeMinutes * 60_000;
const tries = 5;

/** The one code that is valid now, in a file: the command that makes one and the recorder are two processes. */
export class PairingCodeFile {
  readonly #path: string;
  readonly #clock: Clock;

  constructor(dataDir: string, clock: Clock) {
    this.#path = join(dataDir, 'keys', 'pairing-code.json');
    this.#clock = clock;
  }

  /** Makes a code; an earlier one is void. */
  async make(): Promise<string> {
    const code = newPairingCode();
    await this.#write({ code, madeAtMs: this.#clock.nowMs(), triesLeft: tries });
    return code;
  }

  /** The code, with one try fewer, which is on the disk before it is used; undefined where none is valid. */
  async take(): Promise<string | undefined> {
    const found = await this.#read();
    if (found === undefined) return undefined;
    const ageMs = this.#clock.nowMs() - found.madeAtMs;
    // A clock that was set back makes no code live longer.
    if (found.triesLeft <= 0 || ageMs > lifeMs || ageMs < -60_000) {
      await this.clear();
      return undefined;
    }
    await this.#write({ ...found, triesLeft: found.triesLeft - 1 });
    return found.code;
  }

  /** It was right, and may be used once more: the person is asked something first. */
  async giveBack(): Promise<void> {
    const found = await this.#read();
    if (found !== undefined) await this.#write({ ...found, triesLeft: found.triesLeft + 1 });
  }

  async clear(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async #read(): Promise<z.infer<typeof kept> | undefined> {
    try {
      return kept.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return undefined; // none was made, or it is damaged: a person makes another
    }
  }

  #write(value: z.infer<typeof kept>): Promise<void> {
    return writePrivateFile(this.#path, JSON.stringify(value));
  }
}
