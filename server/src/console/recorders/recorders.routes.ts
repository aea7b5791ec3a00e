import { idSchema, instantFromMs } from '@choi-canh/shared/common';
import {
  clockConfirmRequest,
  recorderCreateRequest,
  recorderListResponse,
  recorderResponse,
  recorderRetentionResponse,
} from '@choi-canh/shared/recorders';
import { z } from 'zod';
import type { AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import { retentionInScope } from './recorder-retention.js';
import type { RecordersService } from './recorders.service.js';

export interface RecordersRoutesDeps {
  service: RecordersService;
  audit: AuditWriter;
  clock: Clock;
  /** Which of these cameras lie in the scope. */
  camerasInScope(scope: AreaScope, cameraIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Days that footage is kept where neither camera nor area says otherwise. */
  retentionDays: number;
}

const feature = 'recorders';
const params = z.object({ recorderId: idSchema });

export function recordersRoutes({ service, audit, clock, ...deps }: RecordersRoutesDeps): Route[] {
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
      summary: 'Takes in a recorder on another machine, after it has answered with this token',
      feature,
      body: recorderCreateRequest,
      response: recorderResponse,
      status: 201,
      handler: ({ actor, body }) => {
        // Its disk and its clock are everybody's, and it can record for any area.
        if (actor.scope.areaId !== null) {
          throw new AppError('forbidden', 'outside_area', 'only an account of the whole country may do this');
        }
        return service.register(body, (row, manager) =>
          audit.record(
            actor,
            {
              ...{ action: 'recorder.create', subjectType: 'recorder', subjectId: row.id, subjectName: row.name },
              areaId: null,
              details: { after: { name: row.name, url: row.url }, takeOver: body.takeOver },
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
          ...retentionInScope(facts, await deps.camerasInScope(actor.scope, ids)),
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
        const { id, name } = await service.require(recorderId);
        const clockThen = service.clockOf(recorderId);
        // Written first: a confirmation that could not be noted is not given.
        await audit.record(actor, {
          action: 'recorder.clock_confirm',
          subjectType: 'recorder',
          subjectId: id,
          subjectName: name,
          areaId: null,
          purpose: body.reason,
          details: { clock: clockThen },
        });
        await service.clientOf(recorderId).confirmClock();
      },
    }),
  ];
}
