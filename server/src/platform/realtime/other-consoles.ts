import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { DatabaseChannel } from '../db/postgres-channel.js';

type Handler = (body: unknown) => void | Promise<void>;

/**
 * What the consoles on one PostgreSQL say to each other: messages with a topic, handled one after another in the order in
 * which they were sent. A console alone on its database says nothing.
 */
export class OtherConsoles {
  readonly #channel: DatabaseChannel | undefined;
  readonly #logger: Logger;
  readonly #handlers = new Map<string, Handler>();
  readonly #missed: (() => void | Promise<void>)[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(options: { channel: DatabaseChannel | undefined; logger: Logger }) {
    this.#channel = options.channel;
    this.#logger = options.logger;
  }

  /** One handler a topic. */
  on(topic: string, handler: Handler): void {
    this.#handlers.set(topic, handler);
  }

  /** Called, one after another, when messages may have been missed. */
  onMissed(handler: () => void | Promise<void>): void {
    this.#missed.push(handler);
  }

  /** `body`: anything that is JSON. */
  send(topic: string, body: unknown): void {
    this.#channel?.send(JSON.stringify({ topic, body }));
  }

  async start(): Promise<void> {
    await this.#channel?.start({
      heard: (text) => this.#then(() => this.#handle(text)),
      missed: () => {
        for (const handler of this.#missed) this.#then(handler);
      },
    });
  }

  async stop(): Promise<void> {
    await this.#channel?.stop();
    await this.#turn;
  }

  #handle(text: string): void | Promise<void> {
    const { topic, body } = JSON.parse(text) as { topic: string; body: unknown };
    // A newer console may say what this one does not know.
    return this.#handlers.get(topic)?.(body);
  }

  #then(work: () => void | Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      this.#logger.warn({ err: errorMessage(error) }, 'a message of another console could not be handled');
    });
  }
}
