// Proof that footage is what was recorded and is all there: an entry for each closed file in its camera's chain, a signed
// note of each lawful deletion, and every hour a signed record of where all chains stand. Owns the chain files in the
// footage folder and the key; knows nothing of how footage is written.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import type { ChainHeadsRecord, ChainStatus } from '@choi-canh/shared/chain';
import type { Head, HeadsReason, HeadsRecord } from '../../lib/chain/heads-record.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { createCameraChain, type CameraChain } from './camera-chain.js';
import { chainPathOf, type ChainedFile, type HowEntered } from './chained-file.js';
import { loadChainKey, readChainKey, type ChainKey } from './chain-key.js';
import { createChainReserve } from './chain-reserve.js';
import { createChainTroubles } from './chain-troubles.js';
import { createHeadsLedger, type HeadsLedger } from './heads-ledger.js';
import { repairChain } from './repair-chain.js';

export interface ChainOptions {
  /** The footage folder. */
  readonly directory: string;
  /** Where the key lies: outside the footage folder. */
  readonly keysDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A closed file as it lies on the disk, for those that have no entry; undefined where it is gone or unreadable. */
  readonly describe: (path: string) => Promise<ChainedFile | undefined>;
  /** Each signed record, once it is durable. */
  readonly onRecord?: (record: ChainHeadsRecord) => void;
  /** Between two signed records; default one hour. */
  readonly signEveryMs?: number;
  /** Between two looks at what is due; default 10 s. */
  readonly tickMs?: number;
}

export interface Chain {
  /** Reads the key and the newest signed record. Before the first entry. */
  start(): Promise<void>;
  /** Signs, and from then on compares folder and chains and signs every hour; after footage has recovered its open files. */
  watch(): void;
  /** Signs once more; after the last entry. */
  stop(): Promise<void>;
  /** Durable when it resolves; never rejects: what cannot be entered now is entered later. */
  enter(file: ChainedFile, how: HowEntered): Promise<void>;
  /** Whether the file has an entry. @throws what the disk says */
  has(file: { cameraId: string; path: string }): Promise<boolean>;
  /** Durable when it resolves. @throws AppError unavailable `chain_not_written`: then the file must stay */
  tombstone(file: { cameraId: string; path: string }, why: 'age' | 'headroom'): Promise<void>;
  /** Signs where all chains stand now. @throws AppError unavailable `chain_not_written` */
  sign(why: HeadsReason): Promise<ChainHeadsRecord>;
  /** Signed records behind `sequence`, at most about 4 MB of them. */
  records(sequence: number): Promise<ChainHeadsRecord[]>;
  condition(): ChainStatus;
  /** Resolves when the folder has been compared with the chains once. */
  compared(): Promise<void>;
}

const cameraPattern = /^[A-Za-z0-9_-]{1,64}$/;
const hourMs = 3_600_000;
const pageBytes = 4 * 1024 * 1024;
/** Files that could not be deleted are noted once only. */
const keptTombstones = 10_000;
const parallel = 8;

const wire = ({ body, line }: HeadsRecord): ChainHeadsRecord => ({
  sequence: body.sequence,
  at: body.at,
  kind: body.kind,
  line,
});

export function createChain(options: ChainOptions): Chain {
  const { directory, clock, logger } = options;
  const troubles = createChainTroubles(logger);
  const reserve = createChainReserve(join(directory, 'chain-reserve'));
  const chains = new Map<string, CameraChain>();
  const noted = new Set<string>();
  const ending = new AbortController();
  let key: ChainKey | undefined;
  let ledger: HeadsLedger | undefined;
  let watching: Promise<void> = Promise.resolve();
  let signing: Promise<unknown> = Promise.resolve();
  let signedAt: string | null = null;
  let nextSignAt = Infinity;
  let markCompared: () => void = () => undefined;
  const compared = new Promise<void>((resolve) => (markCompared = resolve));

  const notWritten = (error: unknown) =>
    new AppError('unavailable', 'chain_not_written', `the footage chain cannot be written: ${errorMessage(error)}`, {
      cause: error,
    });

  function chainOf(cameraId: string): CameraChain {
    const known = chains.get(cameraId);
    if (known !== undefined) return known;
    const chain = createCameraChain({
      cameraId,
      path: join(directory, chainPathOf(cameraId)),
      clock,
      troubles,
      makeRoom: () => reserve.release(),
      facts: { cameraId },
      signed: () => ledger?.signedHead(cameraId),
    });
    chains.set(cameraId, chain);
    return chain;
  }

  /** A page of the folder's cameras at a time; what fails for one is told and does not stop the others. */
  async function forEachCamera(work: (chain: CameraChain) => Promise<void>): Promise<void> {
    const ids = [...chains.keys()];
    while (ids.length > 0 && !ending.signal.aborted)
      await Promise.all(
        ids.splice(0, parallel).map((cameraId) =>
          work(chainOf(cameraId)).catch((error: unknown) => {
            if (ending.signal.aborted) return;
            logger.warn({ cameraId, error: errorMessage(error) }, 'a footage chain cannot be looked after');
          }),
        ),
      );
  }

  async function signNow(why: HeadsReason): Promise<HeadsRecord> {
    if (ledger === undefined) throw new Error('the chain is not started');
    const heads: Head[] = [];
    for (const chain of [...chains.values()]) {
      const head = await chain.head().catch((error: unknown) => {
        const facts = { cameraId: chain.cameraId, reason: errorMessage(error) };
        troubles.report('chain_damaged', 'a chain cannot be read: its last signed head is signed again', facts);
        const signed = ledger?.signedHead(chain.cameraId);
        return signed === undefined ? undefined : ([chain.cameraId, signed.count, signed.hash] satisfies Head);
      });
      if (head !== undefined) heads.push(head);
    }
    heads.sort(([one], [other]) => (one < other ? -1 : 1));
    const record = await ledger.sign(why, heads);
    publish(record);
    return record;
  }

  function publish(record: HeadsRecord): void {
    signedAt = record.body.at;
    try {
      options.onRecord?.(wire(record));
    } catch (error) {
      // The console asks for what it misses.
      logger.warn({ error: errorMessage(error) }, 'a signed record did not reach the outbox');
    }
  }

  function sign(why: HeadsReason): Promise<HeadsRecord> {
    const result = signing.then(() => signNow(why));
    signing = result.catch(() => undefined);
    nextSignAt = clock.monotonicMs() + (options.signEveryMs ?? hourMs);
    return result;
  }

  async function signOrReport(why: HeadsReason): Promise<void> {
    await sign(why).catch((error: unknown) => {
      troubles.report('not_written', 'the heads of the footage chains could not be signed', {
        reason: errorMessage(error),
      });
    });
  }

  async function knowCameras(): Promise<void> {
    const found = (await readdir(directory, { withFileTypes: true })).filter((one) => one.isDirectory());
    for (const { name } of found) if (cameraPattern.test(name)) chainOf(name);
  }

  async function repair(): Promise<void> {
    await forEachCamera(async (chain) => {
      const { signal } = ending;
      const late = await repairChain(chain, { directory, clock, describe: options.describe, signal });
      if (late > 0) logger.warn({ cameraId: chain.cameraId, late }, 'footage files had no entry in the chain');
    });
  }

  async function watch(): Promise<void> {
    const { signal } = ending;
    try {
      await knowCameras();
      await forEachCamera((chain) => chain.ready());
      await signOrReport('start');
      await repair();
      markCompared();
      for (;;) {
        await clock.sleep(options.tickMs ?? 10_000, signal);
        await reserve.keep();
        if ([...chains.values()].some((chain) => chain.doubt() !== 'none')) await repair();
        if (clock.monotonicMs() >= nextSignAt) await signOrReport('hour');
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      markCompared();
    }
  }

  async function watchOn(): Promise<void> {
    while (!ending.signal.aborted) {
      await watch().catch(async (error: unknown) => {
        logger.error({ error: errorMessage(error) }, 'looking after the footage chains failed');
        await clock.sleep(options.tickMs ?? 10_000, ending.signal).catch(() => undefined);
      });
    }
  }

  return {
    async start() {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const keyPath = join(options.keysDirectory, 'footage-chain.key');
      const formerKey = await readChainKey(join(options.keysDirectory, 'footage-chain.former.key')).catch(
        (error: unknown) => {
          logger.error({ error: errorMessage(error) }, 'the former key of the footage chain cannot be used');
          return undefined;
        },
      );
      key = await loadChainKey(keyPath, logger);
      const pem = createPublicKey(key.key).export({ type: 'spki', format: 'pem' }).toString();
      const pemPath = join(directory, 'chain-key.pem');
      if ((await readFile(pemPath, 'utf8').catch(() => '')) !== pem) await writeFile(pemPath, pem, { mode: 0o644 });
      await reserve.keep();
      ledger = createHeadsLedger({
        path: join(directory, 'heads.jsonl'),
        clock,
        troubles,
        makeRoom: () => reserve.release(),
        facts: { file: 'heads.jsonl' },
        key,
        formerKey,
      });
      const told = await ledger.start();
      signedAt = ledger.last()?.body.at ?? null;
      if (told !== undefined) publish(told);
    },
    watch() {
      watching = watchOn();
    },
    async stop() {
      ending.abort(new Error('stopped'));
      await watching;
      if (ledger !== undefined) await signOrReport('stop');
    },
    async enter(file, how) {
      const chain = chainOf(file.cameraId);
      try {
        await chain.enter(file, how);
      } catch (error) {
        chain.raiseDoubt();
        troubles.report('not_written', 'a footage file has no entry in its chain yet', {
          path: file.path,
          reason: errorMessage(error),
        });
      }
    },
    has: ({ cameraId, path }) => chainOf(cameraId).has(path),
    async tombstone({ cameraId, path }, why) {
      if (key === undefined) throw notWritten('the chain is not started');
      if (noted.has(path)) return;
      try {
        await chainOf(cameraId).tombstone(path, why, key.key, key.id);
      } catch (error) {
        throw notWritten(error);
      }
      noted.add(path);
      if (noted.size > keptTombstones) noted.delete(noted.values().next().value!);
    },
    async sign(why) {
      try {
        return wire(await sign(why));
      } catch (error) {
        throw notWritten(error);
      }
    },
    records: async (sequence) => ((await ledger?.after(sequence, pageBytes)) ?? []).map(wire),
    condition: () => ({
      keyId: key?.id ?? '',
      publicKey: key?.publicKey ?? '',
      signedAt,
      sequence: ledger?.last()?.body.sequence ?? 0,
      troubles: troubles.count(),
    }),
    compared: () => compared,
  };
}
