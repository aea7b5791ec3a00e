import type { Clock } from '../../server/src/lib/clock.js';
import type { Fragment } from '../../server/src/lib/fragment.js';
import { IngestFailure } from '../../server/src/recorder/ingest/ingest-failure.js';
import { NativeStream } from '../../server/src/recorder/ingest/native/native-stream.js';
import { findMedia } from '../../server/src/recorder/ingest/native/session-description.js';
import { SteadyClock } from '../../server/src/recorder/ingest/recorded-clock.js';
import type { StreamCase } from './stream-case.js';

export interface Replayed {
  readonly fragments: readonly Fragment[];
  readonly runs: number;
  readonly lostPackets: number;
  readonly troubles: readonly string[];
  /** How instants were found in the end, and their bound; undefined where nothing was recorded. */
  readonly time: { readonly source: string; readonly errorMs: number } | undefined;
  readonly failure: IngestFailure | undefined;
}

const beginsAtMs = Date.UTC(2026, 2, 1);
const tickMs = 500;
/** What waits for something that does not come is over by then. */
const afterMs = 12_000;

/** Plays a stream into the native engine, on a clock that goes as the packets say. */
export function replayCase(one: StreamCase): Replayed {
  let elapsedMs = 0;
  const clock: Clock = {
    nowMs: () => beginsAtMs + elapsedMs,
    monotonicMs: () => 5000 + elapsedMs,
    sleep: () => Promise.resolve(),
  };
  const fragments: Fragment[] = [];
  const troubles = new Set<string>();
  let runs = 0;
  let lostPackets = 0;
  let time: Replayed['time'];
  let failure: IngestFailure | undefined;
  try {
    const stream = new NativeStream({
      media: findMedia(one.sdp),
      audio: false,
      clock,
      sendRtcp: () => undefined,
      pull: {
        signal: new AbortController().signal,
        nextRun: () => ++runs,
        onFragment: (fragment) => fragments.push(fragment),
        recordedClock: new SteadyClock(clock),
        requestKeyframe: () => undefined,
        hints: { udp: false, otherWithoutKeyframes: true },
        report: {
          frame: () => undefined,
          codec: () => undefined,
          packets: (_received, lost) => (lostPackets += lost),
          time: (_offsetMs, source, errorMs) => (time = { source, errorMs }),
          trouble: (trouble, detail) => {
            if (detail !== undefined) troubles.add(`${trouble}: ${detail}`);
          },
          audio: () => undefined,
        },
      },
    });
    const passTo = (ms: number) => {
      for (let at = (Math.floor(elapsedMs / tickMs) + 1) * tickMs; at <= ms; at += tickMs) {
        elapsedMs = at;
        stream.tick();
      }
      elapsedMs = ms;
    };
    for (const packet of one.packets) {
      passTo(packet.atMs);
      stream.packet('video', packet.isRtcp, packet.bytes(clock.nowMs()));
      stream.settle();
    }
    passTo(elapsedMs + afterMs);
    stream.end();
  } catch (error) {
    if (!(error instanceof IngestFailure)) throw error;
    failure = error;
  }
  return { fragments, runs, lostPackets, troubles: [...troubles], time, failure };
}
