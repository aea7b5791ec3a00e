import { Client } from 'pg';
import { errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import { splitMessage, MessageParts } from './message-parts.js';

/** Texts between the consoles that share a database. */
export interface DatabaseChannel {
  /** `heard`: what another console sent, in its order. `missed`: something may not have come. @throws never */
  start(listener: { heard(text: string): void; missed(): void }): Promise<void>;
  /** To every other console that listens. Kept for a while where the database is away. */
  send(text: string): void;
  stop(): Promise<void>;
}

const name = 'choi_canh_console';
/** What waits while the database is away; of more the others hear only that they missed something. */
const maxWaiting = 500;
const lookEveryMs = 30_000;
const answerMs = 10_000;
const retryMs = 500;

/**
 * LISTEN and NOTIFY on a connection of its own. PostgreSQL delivers what was sent while one listens, in the order of each
 * sender, and nothing of before: whoever lost the connection has missed something, and hears so.
 */
export class PostgresChannel implements DatabaseChannel {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #sender = newId();
  readonly #parts = new MessageParts();
  #stop = new AbortController();
  #listener: { heard(text: string): void; missed(): void } | undefined;
  #client: Client | undefined;
  #waiting: string[] = [];
  #count = 0;
  #sending: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: { url: string; logger: Logger }) {
    this.#url = options.url;
    this.#logger = options.logger;
  }

  /** Resolves when it listens, or could not at first; then it goes on trying. */
  start(listener: { heard(text: string): void; missed(): void }): Promise<void> {
    this.#listener = listener;
    this.#stop = new AbortController();
    return new Promise((tried) => {
      this.#running = this.#listenForEver(tried);
    });
  }

  send(text: string): void {
    if (this.#stop.signal.aborted || this.#listener === undefined) return;
    this.#count += 1;
    this.#waiting.push(...splitMessage(this.#sender, this.#count, text));
    if (this.#waiting.length > maxWaiting) this.#waiting = splitMessage(this.#sender, this.#count, undefined);
    this.#sendWaiting();
  }

  async stop(): Promise<void> {
    // What was said last, that an incident was closed, say, is worth a moment.
    await this.#sending;
    this.#stop.abort(new Error('stopped'));
    this.#listener = undefined;
    this.#waiting = [];
    await this.#running;
  }

  async #listenForEver(tried: () => void): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0, isFirst = true; !signal.aborted; isFirst = false) {
      try {
        const { client, lost } = await this.#connect(signal);
        this.#client = client;
        failures = 0;
        if (!isFirst) this.#listener?.missed();
        tried();
        this.#sendWaiting();
        await lost;
      } catch (error) {
        if (!signal.aborted) this.#logger.warn({ err: errorMessage(error) }, 'other consoles cannot be heard');
        failures += 1;
      }
      this.#client = undefined;
      tried();
      if (!signal.aborted) await pause(backoffMs(failures, retryMs, retryMs * 20), signal);
    }
  }

  /** `lost` resolves when the connection is, or shall be no more. */
  async #connect(signal: AbortSignal): Promise<{ client: Client; lost: Promise<void> }> {
    const client = new Client({
      ...{ connectionString: this.#url, connectionTimeoutMillis: answerMs, query_timeout: answerMs },
      ...{ keepAlive: true, keepAliveInitialDelayMillis: answerMs },
    });
    let isLost = false;
    let lose = () => undefined as void;
    const lost = new Promise<void>((resolve) => {
      lose = () => {
        isLost = true;
        clearInterval(look);
        signal.removeEventListener('abort', lose);
        // Nobody waits: a server that says nothing any more may not answer this either.
        client.end().catch(() => undefined);
        resolve();
      };
    });
    // A server that says nothing any more is lost.
    const look = setInterval(() => void client.query('SELECT 1').catch(() => lose()), lookEveryMs);
    client.on('error', () => lose());
    client.on('end', () => (isLost ? undefined : lose()));
    client.on('notification', ({ payload = '' }) => (isLost ? undefined : this.#heard(payload)));
    signal.addEventListener('abort', lose);
    try {
      await client.connect();
      await client.query(`LISTEN ${name}`);
    } catch (error) {
      lose();
      throw error;
    }
    return { client, lost };
  }

  #heard(payload: string): void {
    const message = this.#parts.take(payload);
    if (message === undefined || message.sender === this.#sender) return;
    if (message.text === undefined) this.#listener?.missed();
    else this.#listener?.heard(message.text);
  }

  #sendWaiting(): void {
    if (this.#sending !== undefined || this.#client === undefined || this.#waiting.length === 0) return;
    const client = this.#client;
    const some = this.#waiting.splice(0, 50);
    this.#sending = client
      .query(
        'SELECT pg_notify($1, part) FROM unnest($2::text[]) WITH ORDINALITY AS sent (part, place) ORDER BY place',
        [name, some],
      )
      .then(
        () => undefined,
        () => {
          // Whether they came is not known: said twice they do no harm. The connection is lost, or soon found to be.
          this.#waiting.unshift(...some);
          return pause(retryMs, this.#stop.signal);
        },
      )
      .finally(() => {
        this.#sending = undefined;
        if (!this.#stop.signal.aborted) this.#sendWaiting();
      });
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
