import { idSchema } from '@choi-canh/shared/common';
import {
  setAsideDismissRequest,
  setAsideEventsResponse,
  setAsideRetryRequest,
  setAsideChangeResponse,
} from '@choi-canh/shared/recorders';
import { z } from 'zod';
import type { AuditWriter } from '../../lib/actor.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { RecordersService } from './recorders.service.js';
import { requireEverywhere } from './require-everywhere.js';
import type { SetAsideEvents } from './set-aside-events.js';

const feature = 'recorders';
const params = z.object({ recorderId: idSchema });

export function setAsideRoutes(deps: {
  setAside: SetAsideEvents;
  recorders: RecordersService;
  audit: AuditWriter;
}): Route[] {
  const { setAside, recorders, audit } = deps;
  return [
    defineRoute({
      method: 'get',
      path: '/api/recorders/:recorderId/set-aside',
      access: 'recorder.manage',
      summary: 'Events of a recorder that this version did not understand or could not apply, newest first',
      feature,
      params,
      response: setAsideEventsResponse,
      handler: async ({ actor, params: { recorderId } }) => {
        requireEverywhere(actor);
        await recorders.requireEver(recorderId);
        return setAside.list(recorderId);
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders/:recorderId/set-aside/retry',
      access: 'recorder.manage',
      summary: 'Tries to apply events that were set aside',
      feature,
      params,
      body: setAsideRetryRequest,
      response: setAsideChangeResponse,
      handler: async ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        const row = await recorders.require(recorderId);
        const count = await setAside.retry(recorderId, body.ids, ({ id, type, sequence }, manager) =>
          audit.record(
            actor,
            { ...subject(row), action: 'recorder.event_retry', details: { eventId: id, type, sequence } },
            manager,
          ),
        );
        await recorders.reportAlerts(recorderId);
        return { count };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders/:recorderId/set-aside/dismiss',
      access: 'recorder.manage',
      summary: 'Gives up events that were set aside; they are kept in the database',
      feature,
      params,
      body: setAsideDismissRequest,
      response: setAsideChangeResponse,
      handler: async ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        const row = await recorders.requireEver(recorderId);
        const count = await setAside.dismiss(recorderId, body.ids, (events, manager) =>
          audit.record(
            actor,
            {
              ...subject(row),
              action: 'recorder.event_dismiss',
              purpose: body.reason,
              details: { events: events.map(({ id, type, sequence, cause }) => ({ id, type, sequence, cause })) },
            },
            manager,
          ),
        );
        await recorders.reportAlerts(recorderId);
        return { count };
      },
    }),
  ];
}

const subject = ({ id, name }: { id: string; name: string }) => ({
  ...{ subjectType: 'recorder', subjectId: id, subjectName: name, areaId: null },
});
