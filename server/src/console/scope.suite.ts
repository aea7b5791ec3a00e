import type { CameraResponse } from '@choi-canh/shared/cameras';
import { cameraListResponse } from '@choi-canh/shared/cameras';
import { clipResponse, holdListResponse, tagResponse } from '@choi-canh/shared/evidence';
import { openingResponse } from '@choi-canh/shared/footage';
import { incidentPageResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import { roleMay, type Role } from '@choi-canh/shared/permissions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../platform/http/route.js';
import { deviceSightingEntity } from './cameras/device-sighting.entity.js';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from './cases.test-harness.js';

interface Case {
  area: TestArea;
  camera: CameraResponse;
  officer: TestActor;
  incident: IncidentResponse;
  tagId: string;
  holdId: string;
  clipId: string;
  openingId: string;
}

/** Two communes with one case each: whoever belongs to one must not learn that the other's exists. */
export function scopeSuite(open: OpenTestDatabase): void {
  describe('two areas', () => {
    const harness = new CasesHarness(open);
    let mine: Case;
    let theirs: Case;
    const from = new Date(Date.now() - 600_000).toISOString();
    const to = new Date(Date.now() - 300_000).toISOString();
    const range = { from, to };
    const sightedAt = 'http://10.9.9.9/onvif/device_service';
    beforeAll(async () => {
      await harness.start();
      mine = await makeCase('Chí Đám');
      theirs = await makeCase('Đồng Lương');
    });
    afterAll(() => harness.stop());

    async function makeCase(name: string): Promise<Case> {
      const area = await harness.area(name);
      const camera = await harness.camera(area);
      const officer = harness.actor('commune_officer', area);
      const seen = { endpointReference: 'urn:uuid:1', name: '', hardware: '', firstSeenAt: 0, lastSeenAt: 0 };
      const sighting = { ...seen, deviceId: camera.deviceId, deviceAddress: sightedAt, dismissed: false };
      await harness.db.write((manager) => manager.insert(deviceSightingEntity, sighting));
      harness.recorder.coverages.set(camera.id, {
        cameraId: camera.id,
        recorded: [{ ...range, timeSource: 'rtcp' }],
        oldestAt: from,
        newestAt: to,
      });
      const incident = await harness.incident(officer, area);
      const path = `/api/incidents/${incident.id}`;
      const body = { cameraId: camera.id, ...range };
      const tag = await officer.post(`${path}/tags`, tagResponse, body);
      const { items } = await officer.get(`${path}/holds`, holdListResponse);
      const clip = await officer.post(`${path}/clips`, clipResponse, body);
      await eventually('the clip is cut', async () => {
        const now = await officer.get(`/api/clips/${clip.id}`, clipResponse);
        return now.state === 'done';
      });
      const opening = await officer.post('/api/openings', openingResponse, {
        cameraIds: [camera.id],
        ...range,
        purpose: 'Kiểm tra phân quyền',
      });
      return {
        area,
        camera,
        officer,
        incident,
        tagId: tag.id,
        holdId: items[0]!.id,
        clipId: clip.id,
        openingId: opening.id,
      };
    }

    /** Every route that names something of an area, and what to ask of it. Routes missing here fail the test below. */
    const asks = (of: Case): Record<string, [path: string, body?: unknown]> => {
      const { camera, incident } = of;
      const live = `/api/cameras/${camera.id}/live/sub/playlist.m3u8`;
      const shown = `/api/openings/${of.openingId}/cameras/${camera.id}`;
      const cut = { cameraId: camera.id, ...range };
      const file = harness.recorder.fileId;
      return {
        'get /api/cameras/:cameraId': [`/api/cameras/${camera.id}`],
        'patch /api/cameras/:cameraId': [`/api/cameras/${camera.id}`, { place: 'x' }],
        'post /api/cameras/:cameraId/retire': [`/api/cameras/${camera.id}/retire`, { reason: 'không cần' }],
        'post /api/cameras/:cameraId/return': [
          `/api/cameras/${camera.id}/return`,
          { deviceAddress: camera.deviceAddress, username: 'admin', password: 'x' },
        ],
        'get /api/cameras/:cameraId/history': [`/api/cameras/${camera.id}/history?from=${from}&to=${to}`],
        'post /api/cameras/:cameraId/address': [
          `/api/cameras/${camera.id}/address`,
          { deviceAddress: camera.deviceAddress, password: 'x' },
        ],
        'post /api/cameras/:cameraId/sighting': [
          `/api/cameras/${camera.id}/sighting`,
          { deviceAddress: sightedAt, same: false },
        ],
        'get /api/cameras/:cameraId/events': [`/api/cameras/${camera.id}/events?from=${from}&to=${to}`],
        'get /api/cameras/:cameraId/runtime': [`/api/cameras/${camera.id}/runtime`],
        'get /api/cameras/:cameraId/live/:stream/:file': [live],
        'get /api/live': [`/api/live?streams=${camera.id}.sub`],
        'post /api/cameras/additions': [
          '/api/cameras/additions',
          {
            recorderId: harness.recorderId,
            areaId: of.area.id,
            username: 'a',
            password: 'b',
            devices: [{ deviceAddress: 'http://10.9.9.9/' }],
          },
        ],
        'put /api/cameras/:cameraId/profiles': [
          `/api/cameras/${camera.id}/profiles`,
          { mainProfileToken: 'main', subProfileToken: 'sub' },
        ],
        'get /api/devices/:deviceId': [`/api/devices/${camera.deviceId}`],
        'post /api/devices/:deviceId/channels': [`/api/devices/${camera.deviceId}/channels`],
        'get /api/devices/:deviceId/picture': [
          `/api/devices/${camera.deviceId}/picture?sourceToken=${camera.sourceToken}`,
        ],
        'post /api/devices/:deviceId/cameras': [
          `/api/devices/${camera.deviceId}/cameras`,
          { areaId: of.area.id, channels: [{ sourceToken: camera.sourceToken }] },
        ],
        'post /api/cameras/rtsp-additions': [
          '/api/cameras/rtsp-additions',
          {
            recorderId: harness.recorderId,
            areaId: of.area.id,
            cameras: [{ device: { brand: 'tapo', host: '10.9.9.9' }, username: 'a', password: 'b' }],
          },
        ],
        'post /api/cameras/:cameraId/retry': [`/api/cameras/${camera.id}/retry`],
        'post /api/openings': ['/api/openings', { cameraIds: [camera.id], ...range, purpose: 'Xem thử' }],
        'get /api/openings/:openingId': [`/api/openings/${of.openingId}`],
        'get /api/openings/:openingId/cameras/:cameraId/playlist.m3u8': [`${shown}/playlist.m3u8`],
        'get /api/openings/:openingId/cameras/:cameraId/thumbnail.jpg': [`${shown}/thumbnail.jpg?at=${from}`],
        'get /api/openings/:openingId/cameras/:cameraId/files/:file': [`${shown}/files/${file}.mp4`],
        'get /api/openings/:openingId/cameras/:cameraId/sound/:file': [`${shown}/sound/${file}.mp4`],
        'get /api/openings/:openingId/cameras/:cameraId/converted/:file': [`${shown}/converted/${file}.m4s`],
        'get /api/openings/:openingId/cameras/:cameraId/converted-keyframes/:file': [
          `${shown}/converted-keyframes/${file}-1.m4s`,
        ],
        'get /api/openings/:openingId/cameras/:cameraId/inits/:file': [`${shown}/inits/${file}.mp4`],
        'get /api/openings/:openingId/cameras/:cameraId/keyframes/:file': [`${shown}/keyframes/${file}-1.m4s`],
        'get /api/coverage': [`/api/coverage?cameraIds=${camera.id}&from=${from}&to=${to}`],
        'post /api/incidents': [
          '/api/incidents',
          { areaId: of.area.id, occurredAt: from, place: 'Chợ', category: 'theft' },
        ],
        'get /api/incidents': [`/api/incidents?areaId=${of.area.id}`],
        'get /api/cameras': [`/api/cameras?areaId=${of.area.id}`],
        'get /api/incidents/:incidentId': [`/api/incidents/${incident.id}`],
        'patch /api/incidents/:incidentId': [`/api/incidents/${incident.id}`, { place: 'Nơi khác' }],
        'get /api/incidents/:incidentId/tags': [`/api/incidents/${incident.id}/tags`],
        'post /api/incidents/:incidentId/tags': [`/api/incidents/${incident.id}/tags`, cut],
        'patch /api/tags/:tagId': [`/api/tags/${of.tagId}`, { note: 'đổi' }],
        'delete /api/tags/:tagId': [`/api/tags/${of.tagId}`],
        'get /api/incidents/:incidentId/holds': [`/api/incidents/${incident.id}/holds`],
        'post /api/incidents/:incidentId/holds': [
          `/api/incidents/${incident.id}/holds`,
          { cameraIds: [camera.id], ...range },
        ],
        'post /api/holds/:holdId/release': [`/api/holds/${of.holdId}/release`, { reason: 'không cần nữa' }],
        'get /api/incidents/:incidentId/clips': [`/api/incidents/${incident.id}/clips`],
        'post /api/incidents/:incidentId/clips': [`/api/incidents/${incident.id}/clips`, cut],
        'get /api/clips/:clipId': [`/api/clips/${of.clipId}`],
        'get /api/clips/:clipId/files/:index': [`/api/clips/${of.clipId}/files/0`],
        'delete /api/clips/:clipId': [`/api/clips/${of.clipId}`],
        'get /api/reports/cases': [`/api/reports/cases?areaId=${of.area.id}&from=${from}&to=${to}`],
      };
    };
    /** They belong to an account or to nobody's area. */
    const ofNoArea = [
      'get /api/recorders',
      'post /api/recorders',
      'patch /api/recorders/:recorderId',
      'delete /api/recorders/:recorderId',
      'get /api/recorders/:recorderId/retention',
      'post /api/recorders/:recorderId/clock/confirm',
      'post /api/recorders/:recorderId/volume/accept',
      'put /api/recorders/:recorderId/scan-ranges',
      'get /api/camera-sightings', // of the scope: device-addresses.suite.ts
      'post /api/recorders/:recorderId/take-over', // these five: administrators of everything only
      'post /api/recorders/:recorderId/dropped/confirm',
      'get /api/recorders/:recorderId/unknown-holds',
      'post /api/unknown-holds/:holdId/assign',
      'post /api/unknown-holds/:holdId/release',
      'get /api/recorders/:recorderId/chain', // cameras of other areas are not named
      'get /api/recorders/:recorderId/chain/records.jsonl', // administrators of everything only
      'post /api/recorders/:recorderId/chain/settle',
      'get /api/recorders/:recorderId/set-aside', // administrators of everything only
      'post /api/recorders/:recorderId/set-aside/retry',
      'post /api/recorders/:recorderId/set-aside/dismiss',
      'get /api/categories',
      'get /api/cameras/additions/:id',
      'get /api/cameras/additions/:id/picture', // one's own: channels.suite.ts
      'get /api/cameras/rtsp-additions/:id',
      'post /api/cameras/rtsp-probes',
      'post /api/discoveries',
      'get /api/discoveries/:id',
    ];
    const nameOf = (route: Route) => `${route.method} ${route.path}`;

    it('are told apart by every route there is', () => {
      const routes = harness.cases.routes.map(nameOf).sort();
      expect(Object.keys(asks(mine)).concat(ofNoArea).sort()).toEqual(routes);
    });

    it('give 404 for what is of the other, to reading and changing alike, and change nothing', async () => {
      // One who may do everything, but only in one area.
      const everything = harness.actor('administrator', mine.area);
      const before = (await harness.trail()).length;
      for (const actor of [everything, mine.officer]) {
        for (const route of harness.cases.routes) {
          const [path, body] = asks(theirs)[nameOf(route)] ?? [];
          if (path === undefined || !roleMay(actor.actor.role, route.access)) continue;
          expect(`${nameOf(route)}: ${await actor.status(route.method.toUpperCase(), path, body)}`).toBe(
            `${nameOf(route)}: 404`,
          );
        }
      }
      expect(await harness.trail()).toHaveLength(before);
    });

    it('do not mix in what a request names', async () => {
      const mixed: [string, string, unknown][] = [
        ['POST', `/api/incidents/${mine.incident.id}/tags`, { cameraId: theirs.camera.id, ...range }],
        ['POST', `/api/incidents/${mine.incident.id}/clips`, { cameraId: theirs.camera.id, ...range }],
        [
          'POST',
          `/api/incidents/${mine.incident.id}/holds`,
          { cameraIds: [mine.camera.id, theirs.camera.id], ...range },
        ],
        ['POST', '/api/openings', { cameraIds: [mine.camera.id, theirs.camera.id], ...range, purpose: 'Xem thử' }],
        ['POST', '/api/openings', { cameraIds: [mine.camera.id], ...range, incidentId: theirs.incident.id }],
        ['GET', `/api/openings/${mine.openingId}/cameras/${theirs.camera.id}/playlist.m3u8`, undefined],
        ['GET', `/api/coverage?cameraIds=${mine.camera.id},${theirs.camera.id}&from=${from}&to=${to}`, undefined],
      ];
      for (const [method, path, body] of mixed) {
        expect(`${path}: ${await mine.officer.status(method, path, body)}`).toBe(`${path}: 404`);
      }
      const technician = harness.actor('technician', mine.area);
      expect(await technician.refusal('PATCH', `/api/cameras/${mine.camera.id}`, { areaId: theirs.area.id })).toBe(
        '404 area_not_found',
      );
    });

    it('list only their own', async () => {
      const cameras = await mine.officer.get('/api/cameras', cameraListResponse);
      expect(cameras.items.map((camera) => camera.id)).toEqual([mine.camera.id]);
      const incidents = await mine.officer.get('/api/incidents', incidentPageResponse);
      expect(incidents.items.map((incident) => incident.id)).toEqual([mine.incident.id]);
    });

    it('let their own through by every route', async () => {
      const everything = harness.actor('administrator', mine.area);
      const last = [
        'post /api/cameras/:cameraId/address', // answers the question about another address as well
        'delete /api/tags/:tagId',
        'delete /api/clips/:clipId',
        'post /api/cameras/:cameraId/retire',
        'post /api/cameras/:cameraId/return',
      ];
      const order = Object.keys(asks(mine)).sort((one, other) => last.indexOf(one) - last.indexOf(other));
      for (const name of order) {
        const [path, body] = asks(mine)[name]!;
        const actor = name.includes('openings/') ? mine.officer : everything;
        const status = await actor.status(name.split(' ')[0]!.toUpperCase(), path, body);
        expect(`${name}: ${status}`).toMatch(/: 20\d$/);
      }
    });

    it('close footage of a camera that went to the other area', async () => {
      const camera = await harness.camera(mine.area);
      const opening = await mine.officer.post('/api/openings', openingResponse, {
        cameraIds: [camera.id],
        ...range,
        purpose: 'Kiểm tra phân quyền',
      });
      const path = `/api/openings/${opening.id}/cameras/${camera.id}/thumbnail.jpg?at=${from}`;
      expect(await mine.officer.status('GET', path)).toBe(200);
      const admin = harness.actor('administrator');
      expect(await admin.status('PATCH', `/api/cameras/${camera.id}`, { areaId: theirs.area.id })).toBe(200);
      expect(await mine.officer.status('GET', path)).toBe(404);
    });

    it('ask for the permission of each route, whatever the area', async () => {
      for (const role of ['technician', 'district_officer', 'commune_officer'] as Role[]) {
        const actor = harness.actor(role, theirs.area);
        for (const route of harness.cases.routes) {
          const [path, body] = asks(theirs)[nameOf(route)] ?? [];
          if (path === undefined || roleMay(role, route.access)) continue;
          expect(`${role} ${nameOf(route)} ${await actor.refusal(route.method.toUpperCase(), path, body)}`).toBe(
            `${role} ${nameOf(route)} 403 not_allowed`,
          );
        }
      }
    });
  });
}
