// What is known of one stream over all its connections, for one address and its credentials; what lasts of it is handed to
// the memory.
import { createHash } from 'node:crypto';
import { hideAccount } from '../../lib/address-account.js';
import type { Clock } from '../../lib/clock.js';
import type { StreamName } from '../../lib/fragment.js';
import { EngineChoice, type LearntEngine } from './engine-choice.js';
import type { FragmentSource } from './fragment-source.js';
import { usualHabits, type StreamHabits } from './native/picture-recorder.js';
import { mostLostKeepAlives, nothingLearnt, type StreamMemory } from './stream-memory.js';
import type { StreamObservation } from './stream-observation.js';

export interface StreamAccess {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** When the password was typed last, UTC ms: a person's word that the camera there is the right one. */
  readonly passwordTypedAt: number;
}

export interface StreamKnowledgeOptions {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly access: StreamAccess;
  readonly observation: StreamObservation;
  readonly sources: readonly FragmentSource[];
  readonly clock: Clock;
  /** Absent: nothing lasts. */
  readonly memory?: StreamMemory | undefined;
}

/** A password is not in it, also where a device reported an address with one: it is kept on the disk. */
const accessKey = ({ url, username, password, passwordTypedAt }: StreamAccess): string =>
  createHash('sha256')
    .update(JSON.stringify([hideAccount(url, { username, password }).address, username, passwordTypedAt]))
    .digest('hex');

export class StreamKnowledge {
  readonly observation: StreamObservation;
  readonly engines: EngineChoice;
  readonly #options: StreamKnowledgeOptions;
  readonly #accessKey: string;
  #engine: LearntEngine | undefined;
  #lostKeepAlives: readonly string[];
  #habits: StreamHabits | undefined;
  #tlsKey: string | undefined;

  constructor(options: StreamKnowledgeOptions) {
    const { cameraId, stream, access, observation, sources, clock, memory } = options;
    this.#options = options;
    this.#accessKey = accessKey(access);
    const learnt = memory?.recall(cameraId, stream, this.#accessKey) ?? nothingLearnt;
    this.#engine = learnt.engine;
    this.#tlsKey = learnt.tlsKey;
    this.#lostKeepAlives = learnt.lostKeepAlives;
    this.#habits = learnt.habits;
    this.observation = observation;
    observation.setQuirks(learnt.quirks);
    this.engines = new EngineChoice({
      ...{ sources, clock, learnt: learnt.engine },
      onLearnt: (engine) => {
        this.#engine = engine;
        this.save();
      },
    });
  }

  /** Methods that keep a session alive at which the camera closed the connection, one for each time. */
  get lostKeepAlives(): readonly string[] {
    return this.#lostKeepAlives;
  }

  /** Undefined: nothing out of the ordinary. */
  get habits(): StreamHabits | undefined {
    return this.#habits;
  }

  /** Whether it holds for `access` too. */
  isFor(access: StreamAccess): boolean {
    const { url, username, password, passwordTypedAt } = this.#options.access;
    return (
      access.url === url &&
      access.username === username &&
      access.password === password &&
      access.passwordTypedAt === passwordTypedAt
    );
  }

  keepAliveLost(method: string): void {
    this.#lostKeepAlives = [...this.#lostKeepAlives, method].slice(-mostLostKeepAlives);
    if (this.#lostKeepAlives.length > 1) this.observation.quirk('keep_alive');
    this.save();
  }

  habitsShown(habits: StreamHabits): void {
    const isUsual = habits.setsPlace === usualHabits.setsPlace && habits.recoveryPoints === usualHabits.recoveryPoints;
    this.#habits = isUsual ? undefined : habits;
    this.save();
  }

  /** Of TLS; the first key that is shown is pinned. */
  isOwnKey(shown: string): boolean {
    if (this.#tlsKey === undefined) {
      this.#tlsKey = shown;
      this.save();
    }
    return this.#tlsKey === shown;
  }

  save(): void {
    const { cameraId, stream, memory } = this.#options;
    memory?.learn(cameraId, stream, this.#accessKey, {
      engine: this.#engine,
      quirks: this.observation.runtime.quirks,
      lostKeepAlives: this.#lostKeepAlives,
      tlsKey: this.#tlsKey,
      habits: this.#habits,
    });
  }
}
