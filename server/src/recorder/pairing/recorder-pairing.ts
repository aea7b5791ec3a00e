import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pairingRequest, type PairingAnswer } from '@choi-canh/shared/recorder-pairing';
import { z } from 'zod';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { isProof, pairingProof, plainPairingCode } from '../../lib/pairing.js';
import { loadKeyCertificate, type KeyCertificate } from '../../platform/http/key-certificate.js';
import { writePrivateFile } from '../../platform/objects/private-file.js';
import { PairingCodeFile, pairingCodeMinutes } from './pairing-code-file.js';

const pairedFile = z.object({ consoleKey: z.string().regex(/^[0-9a-f]{64}$/), pairedAtMs: z.number() });

/**
 * Who this recorder is on the network, and which console it obeys: one, known by the key of its certificate. Both lie in the
 * keys folder. A console becomes that one by the code of `choi-canh pairing-code`.
 */
export class RecorderPairing {
  readonly certificate: KeyCertificate;
  readonly #path: string;
  readonly #codes: PairingCodeFile;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #consoleKey: string | undefined;
  /** One attempt at a time: tries are counted. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: {
    certificate: KeyCertificate;
    path: string;
    consoleKey: string | undefined;
    codes: PairingCodeFile;
    clock: Clock;
    logger: Logger;
  }) {
    this.certificate = options.certificate;
    this.#path = options.path;
    this.#consoleKey = options.consoleKey;
    this.#codes = options.codes;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** @throws AppError precondition `bad_key_file` */
  static async load(dataDir: string, clock: Clock, logger: Logger): Promise<RecorderPairing> {
    const path = join(dataDir, 'keys', 'paired-console.json');
    return new RecorderPairing({
      certificate: await recorderCertificate(dataDir),
      codes: new PairingCodeFile(dataDir, clock),
      ...{ path, consoleKey: await readPaired(path), clock, logger },
    });
  }

  get isPaired(): boolean {
    return this.#consoleKey !== undefined;
  }

  /** Whether a peer with this key is the console. */
  isConsole(fingerprint: string | undefined): boolean {
    return fingerprint !== undefined && fingerprint === this.#consoleKey;
  }

  /** Makes a code and says so for a person at this machine. */
  async announceCode(): Promise<string> {
    return pairingWords(await this.#codes.make(), this.certificate.fingerprint);
  }

  /**
   * A console proves that it knows the code. `cameras`: how many are recorded for another console.
   * @throws AppError invalid, conflict `pairing_no_code` | `pairing_wrong_code` | `recorder_in_use`
   */
  pair(body: unknown, peerKey: string | undefined, cameras: number): Promise<PairingAnswer> {
    const attempt = this.#turn.then(() => this.#pair(body, peerKey, cameras));
    this.#turn = attempt.catch(() => undefined);
    return attempt;
  }

  async #pair(body: unknown, consoleKey: string | undefined, cameras: number): Promise<PairingAnswer> {
    const request = pairingRequest.safeParse(body);
    if (!request.success || consoleKey === undefined) {
      throw new AppError(
        'invalid',
        'invalid_request',
        'a pairing needs nonce, proof, and a certificate of the console',
      );
    }
    const { nonce, proof, takeOver } = request.data;
    const code = plainPairingCode((await this.#codes.take()) ?? '');
    if (code === undefined) throw new AppError('conflict', 'pairing_no_code', 'no pairing code is valid now');
    const transcript = { recorderKey: this.certificate.fingerprint, consoleKey, nonce };
    if (!isProof(proof, pairingProof(code, 'console', transcript))) {
      this.#logger.warn({ consoleKey }, 'somebody tried to pair with a wrong code, or from the middle');
      throw new AppError('conflict', 'pairing_wrong_code', 'the code is wrong, or somebody sits in between');
    }
    if (!takeOver && this.isPaired && !this.isConsole(consoleKey) && cameras > 0) {
      await this.#codes.giveBack();
      throw new AppError('conflict', 'recorder_in_use', 'the recorder works for another console', {
        details: { cameras },
      });
    }
    // Used up before anything is promised.
    await this.#codes.clear();
    await writePrivateFile(this.#path, JSON.stringify({ consoleKey, pairedAtMs: this.#clock.nowMs() }));
    this.#consoleKey = consoleKey;
    this.#logger.info({ consoleKey }, 'paired with a console');
    return { proof: pairingProof(code, 'recorder', transcript) };
  }
}

/** Made on first use. @throws AppError precondition `bad_key_file` */
export function recorderCertificate(dataDir: string): Promise<KeyCertificate> {
  return loadKeyCertificate(join(dataDir, 'keys', 'recorder-tls'), 'choi-canh recorder');
}

/** What the command prints, Vietnamese first. */
export function pairingWords(code: string, fingerprint: string): string {
  const key = fingerprint.slice(0, 32).replace(/(.{4})(?=.)/g, '$1 ');
  return [
    `Mã ghép nối: ${code}`,
    `Dùng một lần, trong ${pairingCodeMinutes} phút: trang Máy ghi → Thêm máy ghi.`,
    `Khóa của máy ghi: ${key}`,
    `(Pairing code, valid once within ${pairingCodeMinutes} minutes; below it the key of this recorder.)`,
    '',
  ].join('\n');
}

async function readPaired(path: string): Promise<string | undefined> {
  try {
    return pairedFile.parse(JSON.parse(await readFile(path, 'utf8'))).consoleKey;
  } catch {
    return undefined; // not paired yet; a damaged file is paired again by a person
  }
}
