import { useSyncExternalStore } from 'react';
import { serverNowMs } from './server-clock.js';

/**
 * Whether what the pages show can still be believed. `away`: the server has not been heard since `sinceMs` (its clock).
 * `returning`: it answers again, but the figures are still those of then.
 */
export type Freshness =
  { readonly state: 'fresh' } | { readonly state: 'away' | 'returning'; readonly sinceMs: number };

/** The server pings every second: three missed are silence. */
const silentAfterMs = 3000;
/** The first connection may take longer on a slow line. */
const connectWithinMs = 10_000;
/** A request may be cut although the server lives: what was heard within so long outweighs it. */
const heardRecentlyMs = 1500;
/** Of a timer that comes so late the page itself was busy or asleep, and packets may still be waiting to be read. */
const lateTickMs = 1500;

type SocketState = 'off' | 'connecting' | 'connected' | 'lost';

/**
 * Judges by what is heard: socket packets, answers, requests without answer. Knows no timer and no network, so that
 * tests can walk it through time; all instants are monotonic milliseconds but `sinceMs`.
 */
export class FreshnessMonitor {
  #freshness: Freshness = { state: 'fresh' };
  #socket: SocketState = 'off';
  #heardAtMs: number;
  #packetAtMs: number;
  #tickedAtMs: number;
  readonly #listeners = new Set<() => void>();
  readonly #wallMs: () => number;

  constructor(nowMs: number, wallMs: () => number = serverNowMs) {
    this.#heardAtMs = nowMs;
    this.#packetAtMs = nowMs;
    this.#tickedAtMs = nowMs;
    this.#wallMs = wallMs;
  }

  get freshness(): Freshness {
    return this.#freshness;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** `off` while nobody is signed in: then answers alone tell. */
  socketIs(state: SocketState, nowMs: number): void {
    const before = this.#socket;
    this.#socket = state;
    if (state === 'connecting' && before === 'off') this.#packetAtMs = nowMs;
    if (state === 'lost') this.#goAway(nowMs);
    if (state === 'connected') this.packet(nowMs);
  }

  /** Anything came over the socket. */
  packet(nowMs: number): void {
    this.#packetAtMs = nowMs;
    this.#heardAtMs = nowMs;
    if (this.#freshness.state === 'away' && this.#socket === 'connected') this.#return();
  }

  /** A request was answered, with whatever status. */
  answered(nowMs: number): void {
    this.#heardAtMs = nowMs;
    if (this.#freshness.state === 'away' && this.#socket === 'off') this.#return();
  }

  /** A request got no answer. */
  unanswered(nowMs: number): void {
    if (this.#socket === 'connected' && nowMs - this.#packetAtMs < heardRecentlyMs) return;
    this.#goAway(nowMs);
  }

  /** At least twice a second. */
  tick(nowMs: number): void {
    const late = nowMs - this.#tickedAtMs > lateTickMs;
    this.#tickedAtMs = nowMs;
    if (late || this.#socket === 'off' || this.#socket === 'lost') return;
    const limitMs = this.#socket === 'connected' ? silentAfterMs : connectWithinMs;
    if (nowMs - this.#packetAtMs >= limitMs) this.#goAway(nowMs);
  }

  /** The figures have been loaded again. */
  refreshed(): void {
    if (this.#freshness.state === 'returning') this.#set({ state: 'fresh' });
  }

  /** An earlier page of this tab had lost the server at `sinceMs` already. */
  awaySince(sinceMs: number): void {
    if (this.#freshness.state !== 'fresh') this.#set({ state: this.#freshness.state, sinceMs });
  }

  #goAway(nowMs: number): void {
    if (this.#freshness.state === 'away') return;
    const sinceMs =
      this.#freshness.state === 'returning' ? this.#freshness.sinceMs : this.#wallMs() - (nowMs - this.#heardAtMs);
    this.#set({ state: 'away', sinceMs });
  }

  #return(): void {
    if (this.#freshness.state === 'away') this.#set({ state: 'returning', sinceMs: this.#freshness.sinceMs });
  }

  #set(freshness: Freshness): void {
    this.#freshness = freshness;
    for (const listener of this.#listeners) listener();
  }
}

/** Of this browser page. Fed by `api`, the socket and `server-contact`. */
export const freshness = new FreshnessMonitor(performance.now());

/** Every place that shows a state of now reads this. */
export function useFreshness(): Freshness {
  return useSyncExternalStore(freshness.subscribe, () => freshness.freshness);
}

/** The server's instant that the figures are of, while they are not of now. */
export function useStaleSince(): number | undefined {
  const now = useFreshness();
  return now.state === 'fresh' ? undefined : now.sinceMs;
}
