import { knownCameraReason, knownCameraState, type CameraReason, type CameraState } from '@choi-canh/shared/health';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** What is kept of a camera's state: its interval that has no end. */
export interface CameraNow {
  state: CameraState;
  reason: CameraReason;
  detail: string;
  sinceAt: number;
}

/** As the columns of `cameraNow.selected` come from the database. */
export interface RawCameraNow {
  now_state: string | null;
  now_reason: string | null;
  now_detail: string | null;
  now_since: number | string | null;
}

/** Joins the state to a query of the table `camera` under that alias, and reads it from a row. */
export const cameraNow = {
  /** At most one interval is open (a unique index says so), hence there are as many rows as before. */
  selected<T extends ObjectLiteral>(query: SelectQueryBuilder<T>): SelectQueryBuilder<T> {
    return query
      .leftJoin('camera_state_interval', 'span', 'span.camera_id = camera.id AND span.to_at IS NULL')
      .addSelect('span.state', 'now_state')
      .addSelect('span.reason', 'now_reason')
      .addSelect('span.detail', 'now_detail')
      .addSelect('span.since_at', 'now_since');
  },

  of(raw: RawCameraNow | undefined, createdAt: number): CameraNow {
    return {
      state: knownCameraState(raw?.now_state ?? 'unknown'),
      reason: knownCameraReason(raw?.now_reason ?? 'connecting'),
      detail: raw?.now_detail ?? '',
      sinceAt: Number(raw?.now_since ?? createdAt),
    };
  },
};
