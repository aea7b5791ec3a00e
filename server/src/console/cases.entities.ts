import type { AnyEntity } from '../platform/db/open-database.js';
import { cameraEntity } from './cameras/camera.entity.js';
import { clipEntity } from './evidence/clip.entity.js';
import { holdEntity } from './evidence/hold.entity.js';
import { tagEntity } from './evidence/tag.entity.js';
import { openingCameraEntity } from './footage/opening-camera.entity.js';
import { openingEntity } from './footage/opening.entity.js';
import { cameraStateIntervalEntity } from './health/camera-state-interval.entity.js';
import { categoryEntity } from './incidents/category.entity.js';
import { incidentCounterEntity } from './incidents/incident-counter.entity.js';
import { incidentEntity } from './incidents/incident.entity.js';
import { recorderEntity } from './recorders/recorder.entity.js';

/** Tables of the migration 0002. */
export const casesEntities: AnyEntity[] = [
  recorderEntity,
  cameraEntity,
  cameraStateIntervalEntity,
  openingEntity,
  openingCameraEntity,
  categoryEntity,
  incidentEntity,
  incidentCounterEntity,
  tagEntity,
  holdEntity,
  clipEntity,
];
