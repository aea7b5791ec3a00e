import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clipResponse, tagResponse } from '@choi-canh/shared/evidence';
import { openingResponse } from '@choi-canh/shared/footage';
import { badInputs, type Known } from '../platform/http/bad-input.test-harness.js';
import type { Route } from '../platform/http/route.js';
import { CasesHarness, type OpenTestDatabase, type TestActor } from './cases.test-harness.js';

const runsPerRoute = 25;
/** Fixed, so that a failure comes again. */
const seed = 20261129;

/** Whatever is sent to whichever route, the answer is a refusal in words and never a failure of the server. */
export function badInputSuite(open: OpenTestDatabase): void {
  describe('bad input', () => {
    const harness = new CasesHarness(open);
    let administrator: TestActor;
    let known: Known;
    beforeAll(async () => {
      await harness.start();
      const area = await harness.area('Chí Đám');
      const camera = await harness.camera(area);
      administrator = harness.actor('administrator', area);
      const incident = await harness.incident(administrator, area);
      const to = new Date(Date.now() - 300_000).toISOString();
      const from = new Date(Date.now() - 600_000).toISOString();
      const cut = { cameraId: camera.id, from, to };
      const tag = await administrator.post(`/api/incidents/${incident.id}/tags`, tagResponse, cut);
      const clip = await administrator.post(`/api/incidents/${incident.id}/clips`, clipResponse, cut);
      const opening = await administrator.post('/api/openings', openingResponse, {
        cameraIds: [camera.id],
        from,
        to,
        purpose: 'Kiểm tra dữ liệu vào',
      });
      known = {
        areaId: [area.id],
        cameraId: [camera.id],
        cameraIds: [camera.id],
        incidentId: [incident.id],
        tagId: [tag.id],
        clipId: [clip.id],
        openingId: [opening.id],
        recorderId: [harness.recorderId],
        // Nothing is asked of other machines.
        url: [harness.recorder.url],
        deviceAddress: ['http://127.0.0.1:1/'],
        category: ['theft', 'traffic_accident'],
        from: [from, '2000-01-01T00:00:00.000Z', '2026-11-22T00:00:00+14:00'],
        to: [to, '2099-12-31T23:59:59.999Z'],
        at: [from],
        occurredAt: [from],
        stream: ['main', 'sub'],
        file: ['playlist.m3u8', `${harness.recorder.fileId}.mp4`],
        ranges: ['127.0.0.1/32'],
        text: ['chợ', '%', '"', "' OR 1=1", '*', 'a AND', '(', '‐'],
        cursor: ['bm9uc2Vuc2U', 'eyJ9', '0', 'MTIzfGFiYw', 'WzEsMl0', 'AAAA', '!!!'],
      };
    });
    afterAll(() => harness.stop());

    it('never makes a route fail', async () => {
      const failures: string[] = [];
      for (const route of harness.cases.routes) {
        const inputs = fc.sample(badInputs(route, known), { seed, numRuns: runsPerRoute });
        const fresh = harness.actor('administrator');
        for (const input of inputs) {
          const status = await statusOf(fresh, route, input.path, input.body);
          if (status === 500) failures.push(`${route.method} ${input.path} ${input.body ?? ''}`);
        }
      }
      expect(failures).toEqual([]);
    }, 240_000);

    it('finds nothing at an address that names nothing, and says so', async () => {
      const bad = ['nonsense', '%00', '%E0%A4%A', '%ED%A0%80', "'", '1', '00000000-0000-0000-0000-00000000000g'];
      for (const route of harness.cases.routes) {
        if (!/Id\b/.test(route.path)) continue;
        for (const id of bad) {
          const path = route.path
            .replace(/:\w+Id\b/g, id)
            .replace(':stream', 'main')
            .replace(/:\w+/g, '0');
          const said = await administrator.refusal(route.method.toUpperCase(), path, route.body && {});
          expect(`${route.method} ${path}: ${said}`).toBe(`${route.method} ${path}: 404 not_found`);
        }
      }
    });

    it('knows instants of this century only, wherever one is given', async () => {
      const instants = harness.cases.routes.flatMap((route) =>
        [route.query, route.body].flatMap((schema) =>
          schema === undefined
            ? []
            : dateTimes(z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' })),
        ),
      );
      expect(instants.length).toBeGreaterThan(10);
      for (const instant of instants) expect(instant).toHaveProperty('x-years', [2000, 2099]);

      const given = { areaId: known['areaId']?.[0], place: 'Chợ', category: 'theft' };
      for (const occurredAt of [
        '0000-01-01T00:00:00Z',
        '1999-12-31T23:59:59Z',
        '2100-01-01T00:00:00Z',
        '9999-12-31T00:00:00Z',
      ]) {
        expect(await administrator.refusal('POST', '/api/incidents', { ...given, occurredAt })).toBe(
          '400 invalid_input',
        );
      }
      expect(
        await administrator.status('POST', '/api/incidents', { ...given, occurredAt: '2000-01-01T00:00:00Z' }),
      ).toBe(201);
    });

    it('refuses a text with NUL before a database sees it', async () => {
      const given = { areaId: known['areaId']?.[0], occurredAt: known['from']?.[0], category: 'theft' };
      expect(await administrator.refusal('POST', '/api/incidents', { ...given, place: 'Chợ\0' })).toBe('400 bad_text');
      expect(await administrator.refusal('GET', '/api/incidents?text=a%00b')).toBe('400 bad_text');
    });
  });
}

async function statusOf(actor: TestActor, route: Route, path: string, body: string | undefined): Promise<number> {
  const deadline = AbortSignal.timeout(3000);
  try {
    const response = await actor.fetch(route.method.toUpperCase(), path, body && JSON.parse(body), {}, deadline);
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    if (deadline.aborted) return 0; // it waits for what is not recorded yet
    throw error;
  }
}

function dateTimes(schema: unknown): object[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = (schema as { format?: unknown }).format === 'date-time' ? [schema] : [];
  return [...own, ...Object.values(schema).flatMap(dateTimes)];
}
