import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../../lib/errors.js';

export interface AnswerLimits {
  /** Requests of one socket that wait for an answer. A client that sends more without reading is cut off. */
  maxWaitingPerSocket: number;
  /** After so many requests a socket is closed, and the client opens another. */
  maxRequestsPerSocket: number;
  /** Answers under way to one peer. Further requests are answered 503. */
  maxAnswersPerPeer: number;
}

/** One request whose answer is not complete. */
export class Answer {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #controller = new AbortController();
  /** Set by `Answers.assign`. */
  sessionId: string | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
  }

  /** Aborts when the client goes away, its session ends or the server stops; long answers must heed it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isReading(): boolean {
    return this.request.method === 'GET' || this.request.method === 'HEAD';
  }

  abort(reason: AppError): void {
    this.#controller.abort(reason);
  }
}

interface Line {
  requests: number;
  /** The first one is under way, the others wait for it. */
  readonly answers: { answer: Answer; run: (answer: Answer) => void; peer: string }[];
}

/**
 * Every answer that is under way. HTTP/1.1 sends the answers of one socket in the order of its requests, so they are
 * made in that order, one at a time: what a client pipelines costs a bounded list and no work until its turn. An entry
 * leaves with its response or with its socket, whichever closes first; the response of a request that waits for its
 * turn has no socket and never closes by itself.
 */
export class Answers {
  readonly #limits: AnswerLimits;
  readonly #lines = new Map<Socket, Line>();
  readonly #byRequest = new WeakMap<IncomingMessage, Answer>();
  readonly #bySession = new Map<string, Set<Answer>>();
  readonly #countByPeer = new Map<string, number>();
  readonly #onIdle: (socket: Socket, isIdle: boolean) => void;
  #stopping = false;

  constructor(options: { limits: AnswerLimits; onIdle: (socket: Socket, isIdle: boolean) => void }) {
    this.#limits = options.limits;
    this.#onIdle = options.onIdle;
  }

  /** Sessions that are being answered. */
  get sessionIds(): string[] {
    return [...this.#bySession.keys()];
  }

  get count(): number {
    let count = 0;
    for (const line of this.#lines.values()) count += line.answers.length;
    return count;
  }

  /** Runs `run` when it is this request's turn on its socket. `refuse` answers one that is too many for its peer. */
  begin(
    request: IncomingMessage,
    response: ServerResponse,
    peer: string,
    handlers: { run: (answer: Answer) => void; refuse: (response: ServerResponse) => void },
  ): void {
    const { socket } = request;
    if (socket.destroyed) return;
    const line = this.#lineOf(socket);
    if (line.answers.length >= this.#limits.maxWaitingPerSocket) {
      socket.destroy();
      return;
    }
    line.requests += 1;
    // Not the server's own `maxRequestsPerSocket`: that answers 503 to any number of further ones.
    if (line.requests >= this.#limits.maxRequestsPerSocket) response.shouldKeepAlive = false;
    const count = this.#countByPeer.get(peer) ?? 0;
    const isTooMany = count >= this.#limits.maxAnswersPerPeer;
    const answer = new Answer(request, response);
    this.#byRequest.set(request, answer);
    this.#countByPeer.set(peer, count + 1);
    line.answers.push({ answer, peer, run: isTooMany ? () => handlers.refuse(response) : handlers.run });
    response.once('close', () => this.#end(socket, line, answer));
    this.#onIdle(socket, false);
    if (line.answers.length === 1) this.#runFirst(line);
  }

  /** @throws Error for a request that did not pass `begin`. */
  of(request: IncomingMessage): Answer {
    const answer = this.#byRequest.get(request);
    if (answer === undefined) throw new Error('a request that was not admitted');
    return answer;
  }

  /** The answer ends with this session. */
  assign(answer: Answer, sessionId: string): void {
    // Its client may have gone while the session was looked up.
    if (answer.signal.aborted) return;
    answer.sessionId = sessionId;
    this.#bySession.set(sessionId, (this.#bySession.get(sessionId) ?? new Set()).add(answer));
  }

  /** A mutation under way is let finish: it was allowed when it began, and its answer says what became of it. */
  endSession(sessionId: string): void {
    for (const answer of [...(this.#bySession.get(sessionId) ?? [])]) {
      if (answer.isReading) end(answer, 'session_ended');
    }
  }

  /** Ends what is read at once; mutations keep their time until `abortAll`. */
  stop(): void {
    this.#stopping = true;
    for (const answer of this.#all()) if (answer.isReading) end(answer, 'stopping');
  }

  abortAll(): void {
    for (const answer of this.#all()) end(answer, 'stopping');
  }

  #all(): Answer[] {
    return [...this.#lines.values()].flatMap((line) => line.answers.map(({ answer }) => answer));
  }

  #lineOf(socket: Socket): Line {
    const known = this.#lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = { requests: 0, answers: [] };
    this.#lines.set(socket, line);
    socket.once('close', () => {
      for (const { answer } of [...line.answers]) this.#end(socket, line, answer);
      this.#lines.delete(socket);
    });
    return line;
  }

  #runFirst(line: Line): void {
    const first = line.answers[0];
    if (first === undefined) return;
    if (this.#stopping && first.answer.isReading) end(first.answer, 'stopping');
    else first.run(first.answer);
  }

  #end(socket: Socket, line: Line, answer: Answer): void {
    const index = line.answers.findIndex((entry) => entry.answer === answer);
    const [entry] = index < 0 ? [] : line.answers.splice(index, 1);
    if (entry === undefined) return;
    this.#leavePeer(entry.peer);
    this.#leaveSession(answer);
    if (!answer.response.writableFinished) answer.abort(new AppError('unavailable', 'client_gone', 'client went away'));
    if (socket.destroyed) return;
    if (line.answers.length === 0) this.#onIdle(socket, true);
    else if (index === 0) this.#runFirst(line);
  }

  #leavePeer(peer: string): void {
    const count = (this.#countByPeer.get(peer) ?? 1) - 1;
    if (count > 0) this.#countByPeer.set(peer, count);
    else this.#countByPeer.delete(peer);
  }

  #leaveSession(answer: Answer): void {
    const { sessionId } = answer;
    if (sessionId === undefined) return;
    const own = this.#bySession.get(sessionId);
    own?.delete(answer);
    if (own?.size === 0) this.#bySession.delete(sessionId);
  }
}

function end(answer: Answer, code: string): void {
  answer.abort(new AppError('unauthenticated', code, `the answer was ended: ${code}`));
  answer.response.destroy();
  // A response that waits for its turn has no socket yet.
  answer.request.socket.destroy();
}
