import { idSchema, instantFromMs } from '@choi-canh/shared/common';
import {
  clockConfirmRequest,
  droppedConfirmRequest,
  recorderCreateRequest,
  recorderDeleteRequest,
  recorderListResponse,
  recorderPatchRequest,
  recorderResponse,
  recorderRetentionResponse,
  recorderScanRangesRequest,
  recorderTakeOverRequest,
  recorderTakeOverResponse,
  volumeAcceptRequest,
} from '@choi-canh/shared/recorders';
import { z } from 'zod';
import type { AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import { requireEverywhere } from './require-everywhere.js';
import { retentionInScope } from './recorder-retention.js';
import type { RecorderAdministration } from './recorder-administration.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecordersService } from './recorders.service.js';

export interface RecordersRoutesDeps {
  service: RecordersService;
  administration: RecorderAdministration;
  audit: AuditWriter;
  clock: Clock;
  /** Which of these cameras lie in the scope. */
  camerasInScope(scope: AreaScope, cameraIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Days that footage is kept where neither camera nor area says otherwise. */
  retentionDays: number;
}

const feature = 'recorders';
const params = z.object({ recorderId: idSchema });

export function recordersRoutes({ service, administration, audit, clock, ...deps }: RecordersRoutesDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/recorders',
      access: 'recorder.view',
      summary: 'The recorders, whether they answer, their disks, and what should be known of them',
      feature,
      response: recorderListResponse,
      handler: async () => ({ items: await service.list() }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders',
      access: 'recorder.manage',
      summary: 'Takes in a recorder on another machine, which is paired by its one-time code',
      feature,
      body: recorderCreateRequest,
      response: recorderResponse,
      status: 201,
      handler: ({ actor, body }) => {
        requireEverywhere(actor);
        return administration.register(body, (row, manager) =>
          audit.record(
            actor,
            {
              ...subject(row),
              action: 'recorder.create',
              details: { after: factsOf(row), takeOver: body.takeOver },
            },
            manager,
          ),
        );
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/api/recorders/:recorderId',
      access: 'recorder.manage',
      summary: 'Renames a recorder; one on another machine goes on at another address, or is paired again',
      feature,
      params,
      body: recorderPatchRequest,
      response: recorderResponse,
      handler: ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        return administration.change(recorderId, body, ({ before, after, paired }, manager) =>
          audit.record(
            actor,
            {
              ...subject(after),
              action: 'recorder.change',
              details: {
                before: factsOf(before),
                after: factsOf(after),
                ...(paired ? { paired } : {}),
              },
            },
            manager,
          ),
        );
      },
    }),
    defineRoute({
      method: 'put',
      path: '/api/recorders/:recorderId/scan-ranges',
      access: 'recorder.manage',
      summary: 'Which IPv4 networks beside its own a recorder may search for cameras',
      feature,
      params,
      body: recorderScanRangesRequest,
      response: recorderResponse,
      handler: ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        return administration.setScanRanges(recorderId, body.ranges, ({ before, after }, manager) =>
          audit.record(
            actor,
            {
              ...subject(after),
              action: 'recorder.scan_ranges',
              details: { before: { scanRanges: before.scanRanges }, after: { scanRanges: after.scanRanges } },
            },
            manager,
          ),
        );
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/recorders/:recorderId',
      access: 'recorder.manage',
      summary: 'Removes a recorder on another machine that has no cameras; its footage stays there, its records here',
      feature,
      params,
      body: recorderDeleteRequest,
      handler: async ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        await administration.remove(recorderId, (row, manager) =>
          audit.record(
            actor,
            {
              ...subject(row),
              action: 'recorder.delete',
              purpose: body.reason,
              details: { before: factsOf(row) },
            },
            manager,
          ),
        );
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders/:recorderId/take-over',
      access: 'recorder.manage',
      summary:
        "Makes a recorder that follows another database this one's; its cameras come into the area, with their ids",
      feature,
      params,
      body: recorderTakeOverRequest,
      response: recorderTakeOverResponse,
      handler: ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        return administration.takeOver(recorderId, body.areaId, (row, { previous, adopted, skipped }, manager) =>
          audit.record(
            actor,
            {
              ...subject(row),
              action: 'recorder.take_over',
              purpose: body.reason,
              details: { previousConsoleId: previous, areaId: body.areaId, cameras: adopted.slice(0, 100), skipped },
            },
            manager,
          ),
        );
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders/:recorderId/dropped/confirm',
      access: 'recorder.manage',
      summary: 'Confirms to have read which cameras of the recorder a restored database does not know',
      feature,
      params,
      body: droppedConfirmRequest,
      handler: ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        return administration.confirmDropped(recorderId, (row, manager) =>
          audit.record(
            actor,
            {
              ...subject(row),
              action: 'recorder.dropped_confirm',
              purpose: body.reason,
              details: { cameras: row.droppedCameras.slice(0, 100) },
            },
            manager,
          ),
        );
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/recorders/:recorderId/retention',
      access: 'recorder.view',
      summary: 'What a forecast of retention is made from; cameras of other areas are only summed',
      feature,
      params,
      response: recorderRetentionResponse,
      handler: async ({ actor, params: { recorderId } }) => {
        const facts = await service.clientOf(recorderId).retention();
        const ids = facts.cameras.map((camera) => camera.cameraId);
        return {
          ...facts,
          ...retentionInScope(
            facts,
            await deps.camerasInScope(actor.scope, ids),
            await deps.camerasInScope({ areaId: null, path: null }, ids),
          ),
          defaultRetentionDays: deps.retentionDays,
          askedAt: instantFromMs(clock.nowMs()),
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders/:recorderId/clock/confirm',
      access: 'recorder.manage',
      summary: "Confirms that the recorder's clock is right: footage is deleted by age again",
      feature,
      params,
      body: clockConfirmRequest,
      handler: async ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        const row = await service.require(recorderId);
        const clockThen = service.statusOf(recorderId)?.clock ?? null;
        // Written first: a confirmation that could not be noted is not given.
        await audit.record(actor, {
          ...subject(row),
          action: 'recorder.clock_confirm',
          purpose: body.reason,
          details: { clock: clockThen },
        });
        await service.clientOf(recorderId).confirmClock();
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders/:recorderId/volume/accept',
      access: 'recorder.manage',
      summary: 'Footage goes from now on to what is mounted: the volume before is replaced, or was emptied',
      feature,
      params,
      body: volumeAcceptRequest,
      handler: async ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        const row = await service.require(recorderId);
        const storage = service.statusOf(recorderId)?.storage;
        if (storage?.state !== 'missing' && storage?.state !== 'foreign')
          throw new AppError('conflict', 'volume_present', 'the recorder has its footage volume');
        await audit.record(actor, {
          ...subject(row),
          action: 'recorder.volume_accept',
          purpose: body.reason,
          details: { storage: storage.state, directory: storage.directory },
        });
        await service.clientOf(recorderId).acceptVolume();
      },
    }),
  ];
}

const subject = ({ id, name }: RecorderRow) => ({
  subjectType: 'recorder',
  subjectId: id,
  subjectName: name,
  areaId: null,
});

/** As the audit trail keeps them; the embedded one has another address at each start. */
const factsOf = ({ name, url, embedded, keyPin }: RecorderRow) =>
  embedded ? { name } : { name, url, ...(keyPin === null ? {} : { key: keyPin }) };
