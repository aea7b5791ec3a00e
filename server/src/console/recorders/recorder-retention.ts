import type { RetentionFacts } from '@choi-canh/shared/recorder-api';
import type { RecorderRetentionResponse } from '@choi-canh/shared/recorders';

type Camera = RetentionFacts['cameras'][number];
type Others = RecorderRetentionResponse['others'];

/**
 * The facts of a recorder as somebody may see them: what is not theirs only counts, per number of days, and has no name.
 * A camera that was deleted is none any more: what is left of its footage takes room, but it records nothing and is not
 * counted.
 */
export function retentionInScope(
  facts: RetentionFacts,
  visible: ReadonlySet<string>,
  inUse: ReadonlySet<string>,
): Pick<RecorderRetentionResponse, 'cameras' | 'others'> {
  const others = new Map<number, Others[number]>();
  for (const camera of facts.cameras) {
    if (visible.has(camera.cameraId)) continue;
    const sum = others.get(camera.retentionDays);
    const one = inUse.has(camera.cameraId) ? { ...camera, cameras: 1 } : { ...camera, cameras: 0, bytesPerDay: 0 };
    others.set(camera.retentionDays, sum === undefined ? unnamed(one) : added(sum, one));
  }
  return {
    cameras: facts.cameras.filter((camera) => visible.has(camera.cameraId)),
    others: [...others.values()].sort((one, other) => one.retentionDays - other.retentionDays),
  };
}

type Counted = Camera & { cameras: number };

function unnamed({ cameraId: _cameraId, ...facts }: Counted): Others[number] {
  return facts;
}

function added(sum: Others[number], camera: Counted): Others[number] {
  const oldest = [sum.oldestAt, camera.oldestAt].filter((at) => at !== null).sort();
  return {
    cameras: sum.cameras + camera.cameras,
    retentionDays: sum.retentionDays,
    bytesPerDay: sum.bytesPerDay + camera.bytesPerDay,
    footageBytes: sum.footageBytes + camera.footageBytes,
    heldBytes: sum.heldBytes + camera.heldBytes,
    oldestAt: oldest[0] ?? null,
  };
}
