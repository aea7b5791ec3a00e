// The native engine: RTSP over TCP in this process, H.264 and H.265, wall time from RTCP sender reports. No child, no
// command line; one process pulls hundreds of cameras.
import type { AddressRules } from '../../../lib/address-rules.js';
import type { Clock } from '../../../lib/clock.js';
import type { FragmentSource, PullOptions, StreamTarget } from '../fragment-source.js';
import { filledTarget } from '../filled-target.js';
import { IngestFailure } from '../ingest-failure.js';
import { BlockPool } from './block-pool.js';
import { NativeStream } from './native-stream.js';
import { RtspSession } from './rtsp-session.js';

const tickMs = 500;

/** One timer for all streams, while there are any. What fails in one concerns that one alone. */
class Ticker {
  private readonly tasks = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;

  add(task: () => void): () => void {
    this.tasks.add(task);
    this.timer ??= setInterval(() => {
      for (const one of this.tasks) one();
    }, tickMs);
    return () => {
      this.tasks.delete(task);
      if (this.tasks.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }
}

export function createNativeSource({ clock, rules }: { clock: Clock; rules: AddressRules }): FragmentSource {
  const ticker = new Ticker();
  const pool = new BlockPool();

  async function pull(target: StreamTarget, options: PullOptions): Promise<void> {
    const { signal } = options;
    if (signal.aborted) return;
    let stream: NativeStream | undefined;
    let session: RtspSession | undefined;
    let untick: (() => void) | undefined;
    try {
      session = await RtspSession.open({
        target: filledTarget(target),
        rules,
        signal,
        onMedia: (media) => {
          options.report.sound?.(media.sound);
          stream = new NativeStream({
            media,
            audio: target.audio,
            clock,
            pull: options,
            pool,
            sendRtcp: (track, packet) => session?.sendRtcp(track, packet),
          });
          return { audio: stream.wantsSound };
        },
        onAudioRefused: () => stream?.withoutSound(),
        lostKeepAlives: options.hints.lostKeepAlives ?? [],
        onKeepAliveLost: (method) => options.report.keepAliveLost?.(method),
        onPacket: (track, isRtcp, bytes, from, to) => stream?.packet(track, isRtcp, bytes, from, to),
        onReadEnd: () => stream?.settle(),
      });
      const playing = session;
      // Cameras that begin with their next keyframe may take seconds until it is due.
      if (options.parts?.awaited() === true) options.requestKeyframe();
      untick = ticker.add(() => {
        try {
          stream?.tick();
        } catch (error) {
          playing.fail(error);
        }
      });
      await Promise.race([playing.lost, abortOf(signal)]);
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof IngestFailure
        ? error
        : new IngestFailure('engine_failed', error instanceof Error ? error.message.slice(0, 200) : 'a failure');
    } finally {
      untick?.();
      session?.close();
      endQuietly(stream);
    }
  }

  return { engine: 'native', startupMs: 0, pull };
}

/** The last frames of a stream that made no sense may make none either; why it ended is known already. */
function endQuietly(stream: NativeStream | undefined): void {
  try {
    stream?.end();
  } catch {
    // said above: the reason of the end is thrown by whoever noticed it first
  }
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
