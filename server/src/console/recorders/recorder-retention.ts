import type { RetentionFacts } from '@choi-canh/shared/recorder-api';
import type { RecorderRetentionResponse } from '@choi-canh/shared/recorders';

type Camera = RetentionFacts['cameras'][number];
type Others = RecorderRetentionResponse['others'];

/** The facts of a recorder as somebody may see them: what is not theirs only counts, per number of days, and has no name. */
export function retentionInScope(
  facts: RetentionFacts,
  visible: ReadonlySet<string>,
): Pick<RecorderRetentionResponse, 'cameras' | 'others'> {
  const others = new Map<number, Others[number]>();
  for (const camera of facts.cameras) {
    if (visible.has(camera.cameraId)) continue;
    const sum = others.get(camera.retentionDays);
    others.set(camera.retentionDays, sum === undefined ? alone(camera) : added(sum, camera));
  }
  return {
    cameras: facts.cameras.filter((camera) => visible.has(camera.cameraId)),
    others: [...others.values()].sort((one, other) => one.retentionDays - other.retentionDays),
  };
}

function alone({ cameraId: _cameraId, ...facts }: Camera): Others[number] {
  return { ...facts, cameras: 1 };
}

function added(sum: Others[number], camera: Camera): Others[number] {
  const oldest = [sum.oldestAt, camera.oldestAt].filter((at) => at !== null).sort();
  return {
    cameras: sum.cameras + 1,
    retentionDays: sum.retentionDays,
    bytesPerDay: sum.bytesPerDay + camera.bytesPerDay,
    footageBytes: sum.footageBytes + camera.footageBytes,
    heldBytes: sum.heldBytes + camera.heldBytes,
    oldestAt: oldest[0] ?? null,
  };
}
