import type { KnownCamera, RecorderEvent, RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Transaction } from '../../platform/db/database.js';
import type { DesiredParts } from './desired-push.js';
import type { HoldParts } from './hold-push.js';
import type { RecorderEventsOptions } from './recorder-events.js';

/** What the other features have to do with a recorder; console composition hands it in. */
export interface RecorderParts {
  desired: DesiredParts;
  holds: HoldParts;
  /** Another console keeps the recorder in step; called every few seconds. */
  keptElsewhere(recorderId: string): Promise<void>;
  keptHere(recorderId: string): void;
  /**
   * Applies events that follow one another, all of one type, inside the transaction that moves the sequence; what it returns
   * runs after the commit.
   */
  applyEvents(recorderId: string, events: readonly RecorderEvent[], manager: Transaction): Promise<(() => void)[]>;
  /** The recorder was lost. */
  lost(recorderId: string, at: number): Promise<void>;
  /** It has not been heard since `since` and is not lost yet: nothing is known of its cameras now, and nothing is stored. */
  silent(recorderId: string, since: number): Promise<void>;
  /** It was heard again before it was lost. */
  heardAgain(recorderId: string): Promise<void>;
  /** The recorder is there (again), or restarted, and reported its cameras' states. */
  found(recorderId: string, status: RecorderStatus): Promise<void>;
  /** Whether its cameras are in other states than its events said. */
  differs(recorderId: string, status: RecorderStatus): Promise<boolean>;
  /** Takes the states of its cameras as they are now, all events being applied; what it returns runs after the commit. */
  agree(recorderId: string, status: RecorderStatus, manager: Transaction): Promise<() => void>;
  /** Cameras that it has, also those that it does not record (yet): as many as the list of cameras shows. */
  cameraCount(recorderId: string): Promise<number>;
  /** Ranges that it holds and of which no incident here is known. */
  unknownHolds(recorderId: string): Promise<number>;
  /** Takes in cameras that the recorder knows, into this area, in this transaction. */
  adoptCameras(
    recorderId: string,
    areaId: string,
    cameras: readonly KnownCamera[],
    manager: Transaction,
  ): Promise<{ adopted: string[]; skipped: number }>;
  /** What would be left without the recorder: cameras, and footage that it holds for incidents. */
  usedBy(recorderId: string, manager: Transaction): Promise<{ cameras: number; holds: number }>;
  /** The recorder is being removed, in this transaction; what it returns runs after the commit. */
  removed(recorderId: string, manager: Transaction): Promise<() => void>;
}

/** What keeping one recorder in step needs of them. */
export type SyncParts = Omit<
  RecorderParts,
  'cameraCount' | 'unknownHolds' | 'adoptCameras' | 'usedBy' | 'removed' | 'keptElsewhere' | 'keptHere'
> & {
  setAside: RecorderEventsOptions['setAside'];
  /** This console keeps the recorder in step from now on: what was set aside may be understood by now. */
  applyUnderstood(recorderId: string): Promise<void>;
};
