// One answer of the server carries the live streams of all tiles of a page (shared/live-multiplex). This file owns that
// connection: which streams it asks for, how it goes on after a change or a loss, and what of each stream is kept.
import { errorResponse } from '@choi-canh/shared/errors';
import {
  askText,
  FrameReader,
  multiplexHead,
  multiplexName,
  type MultiplexAsk,
  type MultiplexedStream,
} from '@choi-canh/shared/live-multiplex';
import { errorOfResponse, withQuery } from './api.js';
import { ApiError } from './api-error.js';
import { LiveStore } from './live-store.js';
import { playableCodecs } from './playable-codecs.js';

/** Why nothing more comes of a stream until it is asked for again; status 0: no answer. */
export interface ChannelFailure {
  readonly status: number;
  readonly code: string;
}
export interface ChannelListener {
  onSegment(): void;
  onStill(url: string, pictureAtMs: number): void;
  onFailure(failure: ChannelFailure): void;
}
export interface ChannelStream {
  readonly store: LiveStore;
  /** Asks again after a failure. */
  retry(): void;
  close(): void;
}

interface Entry {
  readonly ask: Pick<MultiplexAsk, 'cameraId' | 'stream'>;
  readonly store: LiveStore;
  readonly listeners: Set<ChannelListener>;
  failed: boolean;
  /** Of this answer, the difference of two clocks included. */
  leastDelayMs: number;
  stillUrl: string | undefined;
}

/** Tiles of a page come and go together. */
const gatherMs = 20;
/** Changes that come one after the other share a request. */
const leastBetweenMs = 300;
const reconnectFirstMs = 500;
const reconnectMostMs = 5000;
/** Of the server something comes every four seconds. */
const silentMs = 13_000;
/** After so many attempts in vain the tiles say that there is no answer. */
const toldAfter = 2;
/** What arrives so late waited on the way for a link that is too slow: another answer begins at the newest. */
const lateMs = 5000;
const lateForMs = 3000;
const leastBetweenLateMs = 15_000;

export class LiveChannel {
  readonly #entries = new Map<string, Entry>();
  #request: AbortController | undefined;
  /** Names that the answer under way carries. */
  #carried = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #openedAtMs = -Infinity;
  #failures = 0;
  #lateSinceMs: number | undefined;
  #lateHandledAtMs = -Infinity;

  /** Begins to receive a stream; the store is shared by all who look at the same one. */
  open(cameraId: string, stream: MultiplexedStream, listener: ChannelListener): ChannelStream {
    const ask = { cameraId, stream };
    const name = multiplexName(ask);
    const entry = this.#entries.get(name) ?? {
      ask,
      store: new LiveStore(),
      listeners: new Set<ChannelListener>(),
      failed: false,
      leastDelayMs: Infinity,
      stillUrl: undefined,
    };
    this.#entries.set(name, entry);
    entry.listeners.add(listener);
    this.#update();
    return {
      store: entry.store,
      retry: () => {
        entry.failed = false;
        this.#update();
      },
      close: () => {
        entry.listeners.delete(listener);
        if (entry.listeners.size > 0 || this.#entries.get(name) !== entry) return;
        this.#entries.delete(name);
        if (entry.stillUrl !== undefined) URL.revokeObjectURL(entry.stillUrl);
        this.#update();
      },
    };
  }

  #wanted(): [string, Entry][] {
    return [...this.#entries].filter(([, { failed }]) => !failed);
  }

  /** Sees to it that the answer under way carries what is wanted; one that carries more than that is replaced too. */
  #update(): void {
    const wanted = this.#wanted();
    if (wanted.length === this.#carried.size && wanted.every(([name]) => this.#carried.has(name))) return;
    if (wanted.length === 0) {
      this.#cancel();
      return;
    }
    this.#schedule(Math.max(gatherMs, this.#openedAtMs + leastBetweenMs - performance.now()));
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#request?.abort();
    this.#request = undefined;
    this.#carried = new Set();
  }

  #schedule(afterMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#receive();
    }, afterMs);
  }

  async #receive(): Promise<void> {
    const wanted = this.#wanted();
    this.#cancel();
    if (wanted.length === 0) return;
    const request = new AbortController();
    this.#request = request;
    this.#carried = new Set(wanted.map(([name]) => name));
    this.#openedAtMs = performance.now();
    this.#lateSinceMs = undefined;
    for (const [, entry] of wanted) {
      entry.leastDelayMs = Infinity;
      entry.store.beginAnswer();
    }
    try {
      await this.#read(request, wanted);
      // It ended by itself: what it carried is asked for again, and who may not be seen any more is told.
    } catch (error) {
      if (request !== this.#request) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
        this.#cancel();
        for (const [, entry] of wanted) this.#fail(entry, { status: error.status, code: error.code });
        return;
      }
      this.#failures += 1;
      if (this.#failures >= toldAfter) {
        const code = error instanceof ApiError && error.kind !== 'network' ? error.code : '';
        for (const [, entry] of wanted) this.#tell(entry, { status: 0, code });
      }
    }
    if (request !== this.#request) return;
    this.#cancel();
    if (this.#wanted().length > 0)
      this.#schedule(Math.min(reconnectMostMs, reconnectFirstMs * 2 ** Math.max(0, this.#failures - 1)));
  }

  async #read(request: AbortController, wanted: readonly [string, Entry][]): Promise<void> {
    const streams = wanted.map(([, { ask, store }]) => askText({ ...ask, after: store.newestNumber })).join(',');
    let silence = setTimeout(() => request.abort(), silentMs);
    try {
      const response = await fetch(withQuery('/api/live', { streams, plays: playableCodecs.join(',') }), {
        credentials: 'same-origin',
        cache: 'no-store',
        signal: request.signal,
      });
      if (!response.ok) throw await errorOfResponse(response);
      const reader = response.body?.getReader();
      if (reader === undefined) throw new Error('no body');
      const frames = new FrameReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done || request !== this.#request) return;
        this.#failures = 0;
        clearTimeout(silence);
        silence = setTimeout(() => request.abort(), silentMs);
        for (const { head, body } of frames.push(value)) this.#take(head, body);
      }
    } finally {
      clearTimeout(silence);
      request.abort();
    }
  }

  #take(headBytes: Uint8Array, body: Uint8Array): void {
    const head = multiplexHead.parse(JSON.parse(new TextDecoder().decode(headBytes)));
    if (head.kind === 'alive') return;
    const entry = this.#entries.get(head.name);
    if (entry === undefined) return;
    switch (head.kind) {
      case 'init':
        entry.store.init(head.id, body);
        return;
      case 'segment':
        if (!entry.store.push(head, body, performance.now())) return;
        for (const listener of entry.listeners) listener.onSegment();
        this.#watchLateness(entry, Date.now() - head.sentAtMs);
        return;
      case 'still': {
        if (entry.stillUrl !== undefined) URL.revokeObjectURL(entry.stillUrl);
        entry.stillUrl = URL.createObjectURL(new Blob([body.slice()], { type: 'image/jpeg' }));
        for (const listener of entry.listeners) listener.onStill(entry.stillUrl, head.pictureAtMs);
        return;
      }
      case 'failure':
        this.#carried.delete(head.name);
        this.#fail(entry, { status: head.status, code: codeOf(body) });
    }
  }

  #fail(entry: Entry, failure: ChannelFailure): void {
    entry.failed = true;
    this.#tell(entry, failure);
  }

  /** What is here of the stream is old when something comes again. */
  #tell(entry: Entry, failure: ChannelFailure): void {
    entry.store.clear();
    for (const listener of entry.listeners) listener.onFailure(failure);
  }

  /** A link that is too slow fills every buffer on the way: what waits there is dropped with the connection. */
  #watchLateness(entry: Entry, delayMs: number): void {
    const nowMs = performance.now();
    entry.leastDelayMs = Math.min(entry.leastDelayMs, delayMs);
    if (delayMs - entry.leastDelayMs < lateMs) {
      this.#lateSinceMs = undefined;
      return;
    }
    this.#lateSinceMs ??= nowMs;
    if (nowMs - this.#lateSinceMs < lateForMs || nowMs - this.#lateHandledAtMs < leastBetweenLateMs) return;
    this.#lateHandledAtMs = nowMs;
    for (const { store } of this.#entries.values()) store.forgetPlace();
    this.#schedule(0);
  }
}

function codeOf(body: Uint8Array): string {
  try {
    return errorResponse.parse(JSON.parse(new TextDecoder().decode(body))).error.code;
  } catch {
    return ''; // the status says enough
  }
}

/** Of this page. */
export const liveChannel = new LiveChannel();
