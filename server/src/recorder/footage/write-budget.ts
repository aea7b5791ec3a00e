// How many bytes of fragments may wait for the disk: of one camera, and of all together.
export interface WriteBudget {
  /** False: the fragment must be dropped. */
  take(camera: BudgetShare, byteLength: number): boolean;
  give(camera: BudgetShare, byteLength: number): void;
  /** A camera's account; `leave` when it is not recorded any more. */
  join(): BudgetShare;
  readonly usedBytes: number;
}

export interface BudgetShare {
  usedBytes: number;
  leave(): void;
}

export const cameraBudgetBytes = 16 * 1024 * 1024;
export const wholeBudgetBytes = 256 * 1024 * 1024;

/**
 * While at most half of the whole is in use each camera may have `cameraBytes`; beyond that only its even share of the
 * whole, so that a few large cameras do not take the room of all others.
 */
export function createWriteBudget(wholeBytes = wholeBudgetBytes, cameraBytes = cameraBudgetBytes): WriteBudget {
  let usedBytes = 0;
  let cameras = 0;
  return {
    join() {
      cameras += 1;
      let joined = true;
      return {
        usedBytes: 0,
        leave() {
          if (joined) cameras -= 1;
          joined = false;
        },
      };
    },
    take(camera, byteLength) {
      const wanted = camera.usedBytes + byteLength;
      if (wanted > cameraBytes || usedBytes + byteLength > wholeBytes) return false;
      if (usedBytes > wholeBytes / 2 && wanted > wholeBytes / Math.max(1, cameras)) return false;
      camera.usedBytes = wanted;
      usedBytes += byteLength;
      return true;
    },
    give(camera, byteLength) {
      camera.usedBytes -= byteLength;
      usedBytes -= byteLength;
    },
    get usedBytes() {
      return usedBytes;
    },
  };
}
