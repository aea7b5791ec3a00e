import { nameListRequest, namesResponse, reportTextsRequest, roleNamesRequest } from '@choi-canh/shared/names';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { NamesService } from './names.service.js';

const feature = 'names';

export function namesRoutes(names: NamesService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/names',
      access: 'signed_in',
      summary: 'What roles, levels, categories and the parts of a report are called',
      feature,
      response: namesResponse,
      handler: () => names.all(),
    }),
    defineRoute({
      method: 'put',
      path: '/api/names/roles',
      access: 'names.manage',
      summary: 'Renames roles; their permissions stay',
      feature,
      body: roleNamesRequest,
      response: namesResponse,
      handler: ({ actor, body }) => names.renameRoles(actor, body),
    }),
    defineRoute({
      method: 'put',
      path: '/api/names/area-levels',
      access: 'names.manage',
      summary: 'Replaces the list of levels of areas, in its order',
      feature,
      body: nameListRequest,
      response: namesResponse,
      handler: ({ actor, body }) => names.replaceList(actor, 'area_level', body),
    }),
    defineRoute({
      method: 'put',
      path: '/api/names/categories',
      access: 'names.manage',
      summary: 'Replaces the catalogue of categories of incidents, in its order',
      feature,
      body: nameListRequest,
      response: namesResponse,
      handler: ({ actor, body }) => names.replaceList(actor, 'category', body),
    }),
    defineRoute({
      method: 'put',
      path: '/api/names/report',
      access: 'names.manage',
      summary: 'Changes the title and the form texts of printed reports',
      feature,
      body: reportTextsRequest,
      response: namesResponse,
      handler: ({ actor, body }) => names.changeReportTexts(actor, body),
    }),
  ];
}
