import type { Actor } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { newId, newSecret } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import { secretHash } from './secret-hash.js';
import { SessionsRepository, type LiveSession } from './sessions.repository.js';

/** A media player asks many times a second; a session that ended elsewhere is noticed after at most this long. */
const CACHE_MS = 2000;
const MAX_CACHED = 5000;
const MAX_SESSIONS_PER_ACCOUNT = 20;
const MAX_USER_AGENT_CHARS = 300;

export interface NewSession {
  sessionId: string;
  /** For the cookie; kept nowhere here. */
  token: string;
}

export interface SessionClient {
  address: string;
  userAgent: string;
  /** By which the browser may be known from an earlier sign-in. */
  deviceToken: string | undefined;
}

/** Sessions are rows that name the hash of a token. They end after a fixed time, by sign-out, or when the account changes. */
export class Sessions {
  private readonly repository: SessionsRepository;
  private readonly cache = new Map<string, { session: Promise<LiveSession | undefined>; untilMs: number }>();
  private readonly listeners = new Set<(sessionId: string) => void>();

  constructor(private readonly deps: { database: Database; clock: Clock; lifetimeMs: number }) {
    this.repository = new SessionsRepository(deps.database);
  }

  /** Within the transaction of the sign-in. Ends the account's oldest sessions when there are too many; see `ended`. */
  async create(
    manager: Transaction,
    accountId: string,
    client: SessionClient,
  ): Promise<NewSession & { ended: string[] }> {
    const token = newSecret();
    const sessionId = newId();
    const nowMs = this.deps.clock.nowMs();
    const others = await this.repository.idsOfAccount(manager, accountId);
    const ended = others.slice(0, Math.max(0, others.length - MAX_SESSIONS_PER_ACCOUNT + 1));
    await this.repository.delete(manager, ended);
    await this.repository.insert(manager, {
      id: sessionId,
      tokenHash: secretHash(token),
      accountId,
      createdAt: nowMs,
      expiresAt: nowMs + this.deps.lifetimeMs,
      address: client.address,
      userAgent: client.userAgent.slice(0, MAX_USER_AGENT_CHARS),
    });
    return { sessionId, token, ended };
  }

  /** Whose token this is, or undefined. */
  async actorOf(token: string, address: string): Promise<Actor | undefined> {
    const session = await this.cached(secretHash(token));
    if (session === undefined || session.expiresAt <= this.deps.clock.nowMs()) return undefined;
    return {
      accountId: session.accountId,
      name: session.displayName,
      role: session.role,
      scope: { areaId: session.areaId, path: session.areaPath },
      sessionId: session.sessionId,
      address,
    };
  }

  /** Deletes sessions of an account, all or all but one. Call `announceEnd` with the answer after the commit. */
  async deleteOfAccount(manager: Transaction, accountId: string, keepSessionId?: string): Promise<string[]> {
    const ids = (await this.repository.idsOfAccount(manager, accountId)).filter((id) => id !== keepSessionId);
    await this.repository.delete(manager, ids);
    return ids;
  }

  async delete(manager: Transaction, sessionId: string): Promise<void> {
    await this.repository.delete(manager, [sessionId]);
  }

  /** Tells sockets and streams that these sessions are over. */
  announceEnd(sessionIds: string[]): void {
    if (sessionIds.length === 0) return;
    this.cache.clear();
    for (const id of sessionIds) for (const listener of this.listeners) listener(id);
  }

  onEnd(listener: (sessionId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Those of `ids` that have ended: expired, deleted by another console, account disabled. */
  async endedOf(ids: string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const live = await this.repository.stillLive(ids, this.deps.clock.nowMs());
    return ids.filter((id) => !live.has(id));
  }

  forgetExpired(): Promise<void> {
    return this.deps.database.write((manager) => this.repository.deleteExpired(manager, this.deps.clock.nowMs()));
  }

  private cached(tokenHash: string): Promise<LiveSession | undefined> {
    const { clock } = this.deps;
    const known = this.cache.get(tokenHash);
    if (known !== undefined && known.untilMs > clock.monotonicMs()) return known.session;
    if (this.cache.size >= MAX_CACHED) this.cache.clear();
    const session = this.repository.findLive(tokenHash, clock.nowMs());
    this.cache.set(tokenHash, { session, untilMs: clock.monotonicMs() + CACHE_MS });
    session.catch(() => this.cache.delete(tokenHash));
    return session;
  }
}
