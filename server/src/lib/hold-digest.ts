import { createHash } from 'node:crypto';

/** What identifies a hold to both ends of the link; ranges in Unix milliseconds. */
export interface DigestedHold {
  readonly id: string;
  readonly cameraId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** 40 bits of a hash, so that the sum over millions fits a database's 64-bit integer. */
export function holdHash({ id, cameraId, fromMs, toMs }: DigestedHold): number {
  return createHash('sha256').update(`${id}|${cameraId}|${fromMs}|${toMs}`).digest().readUIntBE(0, 5);
}

/** Count and sum of the hashes of a set of holds. The order in which they came does not matter. */
export class HoldDigest {
  #count = 0;
  #sum = 0n;

  static of(count: number, sum: bigint): HoldDigest {
    const digest = new HoldDigest();
    digest.#count = count;
    digest.#sum = sum;
    return digest;
  }

  get count(): number {
    return this.#count;
  }
  get text(): string {
    return this.#sum.toString(16);
  }

  add(hash: number): void {
    this.#count += 1;
    this.#sum += BigInt(hash);
  }

  remove(hash: number): void {
    this.#count -= 1;
    this.#sum -= BigInt(hash);
  }
}
