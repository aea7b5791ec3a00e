// Keeps an RTSP session alive (RFC 2326 10.8, 12.37) by a request now and then, of a kind that the server takes.
import { IngestFailure } from '../ingest-failure.js';
import type { RtspResponse } from './rtsp-message.js';

export interface KeepAliveOptions {
  /** Methods at which the camera closed the connection before, one for each time. */
  readonly lost: readonly string[];
  /** @throws IngestFailure */
  readonly request: (method: string) => Promise<RtspResponse>;
  /** The session is gone, or the right to it. */
  readonly onFailure: (error: unknown) => void;
  /** Whether the other side has closed the connection. */
  readonly wasClosed: () => boolean;
  /** It did so while it was asked in this way. */
  readonly onLost: (method: string) => void;
}

const methods = ['GET_PARAMETER', 'OPTIONS', 'SET_PARAMETER'] as const;
const defaultTimeoutMs = 60_000;
const longestMs = 30_000;
/** Once may be chance. */
const mostLosses = 2;

export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #offered: readonly string[] = methods;
  #usable: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  /** After which the server ends a session that it hears nothing of. */
  timeoutMs = defaultTimeoutMs;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** The answer to OPTIONS: which methods the server has. */
  learn(answer: RtspResponse): void {
    const stated = (answer.headers.get('public') ?? []).join(',').toUpperCase();
    if (answer.status !== 200 || stated === '') return;
    const names = stated.split(',').map((name) => name.trim());
    const offered = methods.filter((method) => names.includes(method));
    if (offered.length > 0) this.#offered = offered;
  }

  /** Where no method is left the receiver reports have to do. */
  start(): void {
    const { lost } = this.#options;
    const isLost = (method: string) => lost.includes(method);
    const rest = this.#offered.filter((method) => !isLost(method));
    this.#usable = lost.length < mostLosses ? [...rest, ...this.#offered.filter(isLost)] : rest;
    if (this.#usable.length === 0) return;
    const everyMs = Math.max(500, Math.min(longestMs, this.timeoutMs / 2 - 500));
    this.#timer = setInterval(() => void this.#ask(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What the server answers matters little, unless the session or the right to it is gone. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { request, onFailure, wasClosed, onLost } = this.#options;
    const method = this.#usable[0]!;
    try {
      const { status } = await request(method);
      if (status === 454) throw new IngestFailure('stream_ended', 'the camera forgot the session (454)');
      if (status >= 400) this.#rotate();
    } catch (error) {
      const { reason } = error as IngestFailure;
      if (wasClosed()) onLost(method);
      else if (
        reason === 'wrong_password' ||
        reason === 'account_locked' ||
        reason === 'stream_ended' ||
        reason === 'bad_answer'
      )
        onFailure(error);
      else this.#rotate(); // no answer to this one: try another the next time
    } finally {
      this.#asking = false;
    }
  }

  #rotate(): void {
    const [first, ...rest] = this.#usable;
    this.#usable = [...rest, first!];
  }
}
