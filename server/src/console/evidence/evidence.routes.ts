import { idSchema } from '@choi-canh/shared/common';
import {
  clipCreateRequest,
  clipListResponse,
  clipResponse,
  holdCreateRequest,
  holdListResponse,
  holdReleaseRequest,
  holdResponse,
  tagCreateRequest,
  tagListResponse,
  tagPatchRequest,
  tagResponse,
} from '@choi-canh/shared/evidence';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { ClipsService } from './clips.service.js';
import type { HoldsService } from './holds.service.js';
import type { TagsService } from './tags.service.js';

const feature = 'evidence';
const ofIncident = z.object({ incidentId: idSchema });
const ofTag = z.object({ tagId: idSchema });
const ofClip = z.object({ clipId: idSchema });

export function evidenceRoutes(tags: TagsService, holds: HoldsService, clips: ClipsService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/incidents/:incidentId/tags',
      access: 'incident.view',
      summary: 'Tags of an incident, by time',
      feature,
      params: ofIncident,
      response: tagListResponse,
      handler: async ({ actor, params }) => ({ items: await tags.list(actor.scope, params.incidentId) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/incidents/:incidentId/tags',
      access: 'tag.edit',
      summary: 'Marks footage for an incident and holds it, with 30 s before and after',
      feature,
      params: ofIncident,
      body: tagCreateRequest,
      response: tagResponse,
      status: 201,
      handler: ({ actor, params, body }) => tags.create(actor, params.incidentId, body),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/tags/:tagId',
      access: 'tag.edit',
      summary: 'Changes a tag',
      feature,
      params: ofTag,
      body: tagPatchRequest,
      response: tagResponse,
      handler: ({ actor, params, body }) => tags.patch(actor, params.tagId, body),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/tags/:tagId',
      access: 'tag.edit',
      summary: 'Deletes a tag; its hold stays until it is released',
      feature,
      params: ofTag,
      handler: ({ actor, params }) => tags.delete(actor, params.tagId),
    }),
    defineRoute({
      method: 'get',
      path: '/api/incidents/:incidentId/holds',
      access: 'incident.view',
      summary: 'Holds of an incident',
      feature,
      params: ofIncident,
      response: holdListResponse,
      handler: async ({ actor, params }) => ({ items: await holds.list(actor.scope, params.incidentId) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/incidents/:incidentId/holds',
      access: 'hold.edit',
      summary: 'Protects footage of cameras from retention',
      feature,
      params: ofIncident,
      body: holdCreateRequest,
      response: holdListResponse,
      status: 201,
      handler: async ({ actor, params, body }) => ({ items: await holds.create(actor, params.incidentId, body) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/holds/:holdId/release',
      access: 'hold.edit',
      summary:
        'Gives footage back to retention, all of a hold or what one of its causes alone needs; a reason is asked for',
      feature,
      params: z.object({ holdId: idSchema }),
      body: holdReleaseRequest,
      response: holdResponse,
      handler: ({ actor, params, body }) => holds.release(actor, params.holdId, body),
    }),
    defineRoute({
      method: 'get',
      path: '/api/incidents/:incidentId/clips',
      access: 'incident.view',
      summary: 'Clips of an incident',
      feature,
      params: ofIncident,
      response: clipListResponse,
      handler: async ({ actor, params }) => ({ items: await clips.list(actor.scope, params.incidentId) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/incidents/:incidentId/clips',
      access: 'clip.extract',
      summary: 'Has a clip cut, in the background',
      feature,
      params: ofIncident,
      body: clipCreateRequest,
      response: clipResponse,
      status: 202,
      handler: ({ actor, params, body }) => clips.create(actor, params.incidentId, body),
    }),
    defineRoute({
      method: 'get',
      path: '/api/clips/:clipId',
      access: 'incident.view',
      summary: 'One clip, and how far it is',
      feature,
      params: ofClip,
      response: clipResponse,
      handler: ({ actor, params }) => clips.get(actor.scope, params.clipId),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/clips/:clipId',
      access: 'clip.extract',
      summary: 'Deletes a clip and its files; its hold stays until it is released',
      feature,
      params: ofClip,
      handler: ({ actor, params }) => clips.delete(actor, params.clipId),
    }),
  ];
}
