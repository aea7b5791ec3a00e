import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { chainSettleRequest, recorderChainQuery, recorderChainResponse } from '@choi-canh/shared/chain';
import { idSchema } from '@choi-canh/shared/common';
import { z } from 'zod';
import type { AreaScope, AuditWriter } from '../../lib/actor.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { ChainKeeper } from './chain-keeper.js';
import { requireEverywhere } from './require-everywhere.js';

export interface ChainRoutesDeps {
  keeper: ChainKeeper;
  recorders: {
    require(recorderId: string): Promise<{ id: string; name: string }>;
    /** Also one that was removed: its records are kept. */
    requireEver(recorderId: string): Promise<{ id: string; name: string }>;
  };
  audit: AuditWriter;
  /** Which of these cameras lie in the scope. */
  camerasInScope(scope: AreaScope, cameraIds: readonly string[]): Promise<ReadonlySet<string>>;
  logger: Logger;
}

const feature = 'recorders';
const params = z.object({ recorderId: idSchema });

/** The console's copy of a recorder's signed records: seen by who sees recorders, taken along by an administrator of everything. */
export function chainRoutes({ keeper, recorders, audit, logger, ...deps }: ChainRoutesDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/recorders/:recorderId/chain',
      access: 'recorder.view',
      summary: 'The signed records of where the chains of a recorder stand, newest first, and what is wrong with them',
      feature,
      params,
      query: recorderChainQuery,
      response: recorderChainResponse,
      handler: async ({ actor, params: { recorderId }, query }) => {
        const { id } = await recorders.requireEver(recorderId);
        const view = await keeper.view(id, query.before);
        if (view.trouble === null || actor.scope.areaId === null) return view;
        const mine = await deps.camerasInScope(actor.scope, view.trouble.cameraIds);
        return {
          ...view,
          trouble: { ...view.trouble, cameraIds: view.trouble.cameraIds.filter((one) => mine.has(one)) },
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/recorders/:recorderId/chain/records.jsonl',
      access: 'recorder.manage',
      summary: 'The signed records as the recorder sent them, for verify-footage --heads',
      feature,
      params,
      produces: 'application/jsonl',
      trail: 'recorder.chain_download',
      handler: async ({ actor, params: { recorderId }, request, response, signal }) => {
        // The records name every camera of the recorder, whatever its area.
        requireEverywhere(actor);
        const { id, name } = await recorders.requireEver(recorderId);
        response.setHeader('content-type', 'application/jsonl; charset=utf-8');
        response.setHeader('cache-control', 'private, no-store');
        response.setHeader('content-disposition', `attachment; filename="heads-${id}.jsonl"`);
        if (request.method === 'HEAD') {
          response.end();
          return;
        }
        await audit.record(actor, {
          ...{
            action: 'recorder.chain_download',
            subjectType: 'recorder',
            subjectId: id,
            subjectName: name,
            areaId: null,
          },
        });
        try {
          await pipeline(Readable.from(keeper.lines(id)), response, { signal });
        } catch (error) {
          response.destroy();
          if (!signal.aborted) logger.warn({ recorderId: id, err: errorMessage(error) }, 'a download broke off');
        }
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/recorders/:recorderId/chain/settle',
      access: 'recorder.manage',
      summary: 'Settles a trouble of the signed records whose cause is known, and goes on from the newest one',
      feature,
      params,
      body: chainSettleRequest,
      handler: async ({ actor, params: { recorderId }, body }) => {
        requireEverywhere(actor);
        const { id, name } = await recorders.require(recorderId);
        await keeper.write(async (manager) => {
          const settled = await keeper.settle(id, manager);
          await audit.record(
            actor,
            {
              action: 'recorder.chain_settle',
              subjectType: 'recorder',
              subjectId: id,
              subjectName: name,
              areaId: null,
              purpose: body.reason,
              details: settled,
            },
            manager,
          );
        });
        keeper.settledNow(id);
      },
    }),
  ];
}
