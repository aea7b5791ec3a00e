import { In, LessThan, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import { signInThrottleEntity, type SignInThrottleRow } from './sign-in-throttle.entity.js';

export class SignInThrottleRepository {
  async load(manager: EntityManager, keys: string[]): Promise<Map<string, SignInThrottleRow>> {
    const rows = await manager.findBy(signInThrottleEntity, { key: In(keys) });
    return new Map(rows.map((row) => [row.key, row]));
  }

  async save(manager: EntityManager, rows: SignInThrottleRow[]): Promise<void> {
    await manager.upsert(signInThrottleEntity, rows as QueryDeepPartialEntity<SignInThrottleRow>[], ['key']);
  }

  async forget(manager: EntityManager, key: string): Promise<void> {
    await manager.delete(signInThrottleEntity, { key });
  }

  async forgetBefore(manager: EntityManager, lastAttemptAt: number): Promise<void> {
    await manager.delete(signInThrottleEntity, { lastAttemptAt: LessThan(lastAttemptAt) });
  }
}
