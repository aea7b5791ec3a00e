import { instantFromMs } from '@choi-canh/shared/common';
import type { RecorderDiscovery } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { AddressRules } from '../../lib/address-rules.js';
import { addedNetwork, requireAllowed } from '../../lib/ipv4-networks.js';
import type { Logger } from '../../lib/logger.js';

/** What a scan needs of the network; the ONVIF room has it. */
export interface CameraFinder {
  /** @throws AppError invalid for a range that no scan would accept. */
  checkRanges(ranges: readonly string[]): void;
  discover(
    ranges: readonly string[],
    listener: {
      onDevice(device: RecorderDiscovery['devices'][number]): void;
      onRejected(): void;
      onProgress(progress: number): void;
    },
    signal: AbortSignal,
  ): Promise<void>;
}

const keptJobs = 20;
const maxRunning = 3;

interface Job {
  view: RecorderDiscovery;
  ended: Promise<void>;
}

/**
 * Scans that run in the background and can be asked about while they do. Owns their list, bounded: the oldest ended ones
 * are forgotten. Leaves packets and parsing to the ONVIF room.
 */
export function createDiscoveryJobs({
  finder,
  networks,
  rules,
  clock,
  logger,
}: {
  finder: CameraFinder;
  /** IPv4 networks that may be searched, in CIDR. */
  networks(): readonly string[];
  /** Which addresses cameras may have. */
  rules: AddressRules;
  clock: Clock;
  logger: Logger;
}) {
  const jobs = new Map<string, Job>();
  const stopping = new AbortController();

  async function run(view: RecorderDiscovery, ranges: readonly string[]): Promise<void> {
    try {
      await finder.discover(
        ranges,
        {
          onDevice: (device) => view.devices.push(device),
          onRejected: () => {
            view.rejectedAnswers += 1;
          },
          onProgress: (progress) => {
            view.progress = Math.max(view.progress, Math.min(1, progress));
          },
        },
        stopping.signal,
      );
      view.state = stopping.signal.aborted ? 'failed' : 'done';
      if (view.state === 'failed') view.errorCode = 'stopped';
      else view.progress = 1;
    } catch (error) {
      view.state = 'failed';
      view.errorCode = isAppError(error) ? error.code : 'internal';
      logger.warn({ error: errorMessage(error) }, 'a scan for cameras failed');
    }
  }

  return {
    /**
     * `added`: what an administrator of its console added to its networks; bounded here too, whatever the console took.
     * @throws AppError too_many `too_many_scans` while three run; invalid for a bad range, `range_not_allowed`,
     *   `address_not_allowed`
     */
    start(ranges: readonly string[], added: readonly string[] = []): RecorderDiscovery {
      finder.checkRanges(ranges);
      requireAllowed(ranges, [...networks(), ...added.map((network) => addedNetwork(network, rules))]);
      const running = [...jobs.values()].filter((job) => job.view.state === 'running').length;
      if (running >= maxRunning) {
        throw new AppError('too_many', 'too_many_scans', `${running} scans are running`, { details: { running } });
      }
      const view: RecorderDiscovery = {
        id: newId(),
        state: 'running',
        progress: 0,
        startedAt: instantFromMs(clock.nowMs()),
        devices: [],
        rejectedAnswers: 0,
        errorCode: null,
      };
      jobs.set(view.id, { view, ended: run(view, ranges) });
      for (const [id, job] of jobs) {
        if (jobs.size <= keptJobs) break;
        if (job.view.state !== 'running') jobs.delete(id);
      }
      return structuredClone(view);
    },
    /** @throws AppError not_found `no_such_discovery`. */
    get(id: string): RecorderDiscovery {
      const job = jobs.get(id);
      if (job === undefined) throw new AppError('not_found', 'no_such_discovery', `no scan ${id}`);
      return structuredClone(job.view);
    },
    async stop(): Promise<void> {
      stopping.abort(new AppError('unavailable', 'stopped', 'the recorder stops'));
      await Promise.all([...jobs.values()].map((job) => job.ended));
    },
  };
}
export type DiscoveryJobs = ReturnType<typeof createDiscoveryJobs>;
