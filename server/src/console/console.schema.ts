import { Core1763769600001 } from '../platform/db/migrations/0001-core.js';
import { Cases1763769600002 } from '../platform/db/migrations/0002-cases.js';
import { Retention1763769600003 } from '../platform/db/migrations/0003-retention.js';
import { Chain1763769600004 } from '../platform/db/migrations/0004-chain.js';
import { RecorderRemoval1763769600005 } from '../platform/db/migrations/0005-recorder-removal.js';
import { IncidentWords1763769600006 } from '../platform/db/migrations/0006-incident-words.js';
import { Names1763769600007 } from '../platform/db/migrations/0007-names.js';
import { YearsOfData1763769600008 } from '../platform/db/migrations/0008-years-of-data.js';
import { KnownDevices1763769600009 } from '../platform/db/migrations/0009-known-devices.js';
import { Viewings1763769600010 } from '../platform/db/migrations/0010-viewings.js';
import { Devices1763769600011 } from '../platform/db/migrations/0011-devices.js';
import { RecorderLink1763769600012 } from '../platform/db/migrations/0012-recorder-link.js';
import { Holds1763769600013 } from '../platform/db/migrations/0013-holds.js';
import { CameraRevisions1763769600014 } from '../platform/db/migrations/0014-camera-revisions.js';
import { Channels1763769600015 } from '../platform/db/migrations/0015-channels.js';
import { OldTls1763769600016 } from '../platform/db/migrations/0016-old-tls.js';
import type { AnyEntity, Migration } from '../platform/db/open-database.js';
import { areaEntity } from './areas/area.entity.js';
import { auditRecordEntity } from './audit/audit-record.entity.js';
import { authEntities } from './auth/auth.entities.js';
import { cameraEntity } from './cameras/camera.entity.js';
import { deviceSightingEntity } from './cameras/device-sighting.entity.js';
import { deviceEntity } from './cameras/device.entity.js';
import { liveViewingEntity } from './cameras/live-viewing.entity.js';
import { clipEntity } from './evidence/clip.entity.js';
import { holdEntities } from './evidence/hold.entity.js';
import { tagEntity } from './evidence/tag.entity.js';
import { openingCameraEntity } from './footage/opening-camera.entity.js';
import { openingEntity } from './footage/opening.entity.js';
import { cameraStateIntervalEntity } from './health/camera-state-interval.entity.js';
import { categoryEntity } from './incidents/category.entity.js';
import { incidentCounterEntity } from './incidents/incident-counter.entity.js';
import { incidentEntity } from './incidents/incident.entity.js';
import { nameEntities } from './names/name-row.entity.js';
import { chainPinEntity, chainRecordEntity } from './recorders/chain-record.entity.js';
import { consoleKeyEntity } from './recorders/console-key.repository.js';
import { recorderEntity } from './recorders/recorder.entity.js';
import { setAsideEventEntity } from './recorders/set-aside-event.entity.js';

/** Everything the console keeps in its database. */
export const consoleEntities: AnyEntity[] = [
  ...authEntities,
  areaEntity,
  ...nameEntities,
  auditRecordEntity,
  recorderEntity,
  chainRecordEntity,
  chainPinEntity,
  setAsideEventEntity,
  consoleKeyEntity,
  deviceEntity,
  cameraEntity,
  deviceSightingEntity,
  cameraStateIntervalEntity,
  liveViewingEntity,
  openingEntity,
  openingCameraEntity,
  categoryEntity,
  incidentEntity,
  incidentCounterEntity,
  tagEntity,
  ...holdEntities,
  clipEntity,
];

/** In order; never edited once they have landed. */
export const consoleMigrations: Migration[] = [
  Core1763769600001,
  Cases1763769600002,
  Retention1763769600003,
  Chain1763769600004,
  RecorderRemoval1763769600005,
  IncidentWords1763769600006,
  Names1763769600007,
  YearsOfData1763769600008,
  KnownDevices1763769600009,
  Viewings1763769600010,
  Devices1763769600011,
  RecorderLink1763769600012,
  Holds1763769600013,
  CameraRevisions1763769600014,
  Channels1763769600015,
  OldTls1763769600016,
];
