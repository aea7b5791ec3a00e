import type { CameraStatus } from '@choi-canh/shared/health';
import type { Clock } from '../../lib/clock.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';

const pauseMs = 250;
const largest = 200;

/** Tells browsers of changed states: newest per camera, at most 200 at once and four times a second an area. */
export class StateBroadcasts {
  readonly #broadcaster: Broadcaster;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, { areaId: string; status: CameraStatus }>();
  readonly #stop = new AbortController();
  #flushing: Promise<void> | undefined;

  constructor(broadcaster: Broadcaster, clock: Clock) {
    this.#broadcaster = broadcaster;
    this.#clock = clock;
  }

  add(areaId: string, status: CameraStatus): void {
    this.#waiting.set(status.cameraId, { areaId, status });
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.#flushing;
  }

  #begin(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
      if (this.#waiting.size > 0) this.#begin();
    });
  }

  async #flush(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#waiting.size > 0) {
      // The pause comes first: what changes together travels together.
      await this.#clock.sleep(pauseMs, signal).catch(() => undefined);
      const byArea = new Map<string, CameraStatus[]>();
      for (const [cameraId, { areaId, status }] of this.#waiting) {
        const batch = byArea.get(areaId) ?? [];
        if (batch.length === largest) continue;
        batch.push(status);
        byArea.set(areaId, batch);
        this.#waiting.delete(cameraId);
      }
      for (const [areaId, statuses] of byArea) {
        this.#broadcaster.toArea(areaId, 'camera.view', 'camera.state', statuses);
      }
    }
  }
}
