import type { EventMessage } from './event-messages.js';
import type { PullPoint } from './pull-point.js';

export type ReportedEvent = Omit<EventMessage, 'configurationToken'>;

/** Events of a device, each with the token of the video source that it is of, where the device names it in any way. */
export class EventSubscription {
  readonly #pullPoint: PullPoint;
  /** Token of the video source by that of its configuration. */
  readonly #sources: ReadonlyMap<string, string>;

  constructor(pullPoint: PullPoint, sources: ReadonlyMap<string, string>) {
    this.#pullPoint = pullPoint;
    this.#sources = sources;
  }

  /** Waits until there are some, at most 50 s. `clockOffsetMs`: the device's clock minus ours; null: not stated. */
  async pull(): Promise<{ events: ReportedEvent[]; clockOffsetMs: number | null }> {
    const { messages, clockOffsetMs } = await this.#pullPoint.pull();
    const events = messages.map(({ configurationToken, sourceToken, ...rest }) => {
      const named = configurationToken === '' ? sourceToken : configurationToken;
      return { ...rest, sourceToken: this.#sources.get(named) ?? sourceToken };
    });
    return { events, clockOffsetMs };
  }

  close(): Promise<void> {
    return this.#pullPoint.close();
  }
}
