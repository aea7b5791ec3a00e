import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import {
  clipListResponse,
  clipResponse,
  holdListResponse,
  tagListResponse,
  tagResponse,
} from '@choi-canh/shared/evidence';
import { incidentPageResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import { clipEntity } from './clip.entity.js';

export function evidenceSuite(open: OpenTestDatabase): void {
  describe('evidence', () => {
    const harness = new CasesHarness(open);
    const { recorder } = harness;
    let area: TestArea;
    let officer: TestActor;
    let camera: CameraResponse;
    let incident: IncidentResponse;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám', undefined, 'CĐ');
      officer = harness.actor('commune_officer', area);
      camera = await harness.camera(area, 'Ngã ba chợ "A"');
    });
    afterAll(() => harness.stop());
    beforeEach(async () => {
      recorder.extractionResult = 'done';
      recorder.isSilentOfHolds = false;
      incident = await harness.incident(officer, area);
    });

    const at = (seconds: number) => new Date(Date.parse(incident.occurredAt) + seconds * 1000).toISOString();
    const path = (what: string) => `/api/incidents/${incident.id}/${what}`;
    const tag = (given: object = {}) =>
      officer.post(path('tags'), tagResponse, { cameraId: camera.id, from: at(0), to: at(20), ...given });
    const holds = async () => (await officer.get(path('holds'), holdListResponse)).items;
    /** What the recorder holds for the incident. */
    const heldOf = () => [...recorder.heldRanges.values()].filter((hold) => hold.incident?.id === incident.id);
    const rangesOf = async () => (await holds()).flatMap((hold) => hold.ranges.map(({ from, to }) => [from, to]));
    const startClip = () =>
      officer.post(path('clips'), clipResponse, { cameraId: camera.id, from: at(0), to: at(20), note: 'Xe máy' });
    const clip = (id: string) => officer.get(`/api/clips/${id}`, clipResponse);
    const untilClip = (id: string, state: string) =>
      eventually(`the clip is ${state}`, async () => {
        const now = await clip(id);
        return now.state === state ? now : undefined;
      });
    const waitsAtRecorder = (id: string) => eventually('the recorder was asked', () => recorder.extractions.get(id));

    it('holds the range of a tag with half a minute around it, at once', async () => {
      const made = await tag({ note: 'Áo đỏ', decisive: true });
      expect(made).toMatchObject({ cameraName: camera.name, note: 'Áo đỏ', decisive: true, from: at(0), to: at(20) });
      const [hold] = await holds();
      expect(hold).toMatchObject({ cameraId: camera.id, ranges: [{ from: at(-30), to: at(50) }] });
      expect(hold!.causes).toMatchObject([{ kind: 'tag', subjectId: made.id, released: false }]);
      await eventually('it is held', async () => (await holds())[0]?.state === 'held');
      expect(heldOf()).toMatchObject([
        { from: at(-30), to: at(50), incident: { id: incident.id, number: incident.number } },
      ]);
      expect(
        harness.told.some(
          ({ event, args }) => event === 'hold.state' && (args[0] as { state: string }).state === 'held',
        ),
      ).toBe(true);
      expect((await harness.trail('tag.create')).at(-1)).toMatchObject({
        subjectName: `${incident.number} · ${camera.name}`,
        details: { after: { note: 'Áo đỏ', decisive: true }, holdId: hold!.id },
      });
    });

    it('holds more when a tag grows, and keeps the hold when the tag goes', async () => {
      const made = await tag();
      await officer.patch(`/api/tags/${made.id}`, tagResponse, { from: at(5), note: 'kỹ hơn' });
      expect(await holds()).toHaveLength(1);
      const grown = await officer.patch(`/api/tags/${made.id}`, tagResponse, { to: at(90) });
      expect(grown).toMatchObject({ from: at(5), to: at(90), note: 'kỹ hơn' });
      expect(await rangesOf()).toEqual([[at(-30), at(120)]]);
      expect(await officer.refusal('PATCH', `/api/tags/${made.id}`, { from: at(91) })).toBe('400 bad_range');
      expect(await officer.status('DELETE', `/api/tags/${made.id}`)).toBe(204);
      expect((await officer.get(path('tags'), tagListResponse)).items).toEqual([]);
      expect(await rangesOf()).toEqual([[at(-30), at(120)]]);
      expect((await harness.trail('tag.delete')).at(-1)?.details).toMatchObject({ before: { note: 'kỹ hơn' } });
    });

    it('counts a hold as held only when the recorder says so, and as released likewise', async () => {
      recorder.isSilentOfHolds = true;
      const asked = () => recorder.asked.filter(({ method, path }) => method === 'POST' && path === '/v1/holds').length;
      const before = asked();
      const range = { cameraIds: [camera.id], from: at(0), to: at(60) };
      const made = await officer.post(path('holds'), holdListResponse, range);
      const id = made.items[0]!.id;
      await eventually('the recorder was told', () => asked() > before);
      expect((await holds())[0]?.state).toBe('pending');
      recorder.isSilentOfHolds = false;
      await eventually('it is held', async () => (await holds())[0]?.state === 'held');

      expect(await officer.status('POST', `/api/holds/${id}/release`, { reason: '' })).toBe(400);
      await officer.fetch('POST', `/api/holds/${id}/release`, { reason: 'vụ việc đã xong' });
      await eventually('it is released', async () => (await holds())[0]?.state === 'released');
      expect(heldOf()).toEqual([]);
      expect(await officer.refusal('POST', `/api/holds/${id}/release`, { reason: 'lần nữa' })).toBe(
        '409 hold_released',
      );
      expect((await harness.trail('hold.release')).at(-1)).toMatchObject({ subjectId: id, purpose: 'vụ việc đã xong' });
      // What is held again is the same hold.
      const again = await officer.post(path('holds'), holdListResponse, range);
      expect(again.items).toMatchObject([{ id, state: 'pending' }]);
    });

    it('has one hold for each camera and incident, with all that needs it, and gives back what nothing else needs', async () => {
      const made = await tag(); // with half a minute around it
      await startClip();
      await officer.post(path('holds'), holdListResponse, { cameraIds: [camera.id], from: at(40), to: at(100) });
      const [hold, ...others] = await holds();
      expect(others).toEqual([]);
      expect(hold).toMatchObject({ ranges: [{ from: at(-30), to: at(100) }] });
      expect(hold!.causes.map(({ kind }) => kind)).toEqual(['tag', 'clip', 'hand']);
      await eventually('it is held', async () => (await holds())[0]?.state === 'held');
      // The clip needed nothing that was not held already.
      expect(heldOf().map(({ from, to }) => [from, to])).toEqual(
        expect.arrayContaining([
          [at(-30), at(50)],
          [at(50), at(100)],
        ]),
      );
      expect(heldOf()).toHaveLength(2);

      const causeOf = (kind: string) => hold!.causes.find((cause) => cause.kind === kind)!.id;
      const release = (causeId: string) =>
        officer.fetch('POST', `/api/holds/${hold!.id}/release`, { reason: 'không cần nữa', causeId });
      await (await release(causeOf('tag'))).arrayBuffer();
      await eventually('only what the others need is held', () => heldOf().every(({ from }) => from >= at(0)));
      await eventually('the ranges follow', async () => (await rangesOf()).length === 2);
      expect(await rangesOf()).toEqual([
        [at(0), at(20)],
        [at(40), at(100)],
      ]);
      expect((await officer.get(path('tags'), tagListResponse)).items.map(({ id }) => id)).toContain(made.id);
      await (await release(causeOf('hand'))).arrayBuffer();
      await eventually('the clip alone needs it', async () => (await rangesOf()).length === 1);
      expect(
        await officer.refusal('POST', `/api/holds/${hold!.id}/release`, {
          reason: 'lần nữa',
          causeId: causeOf('hand'),
        }),
      ).toBe('409 hold_released');
      expect(
        await officer.refusal('POST', `/api/holds/${hold!.id}/release`, { reason: 'cái gì', causeId: hold!.id }),
      ).toBe('404 hold_cause_not_found');
    });

    it('says where footage was deleted before it was held', async () => {
      recorder.goneHolds.add(camera.id);
      await officer.post(path('holds'), holdListResponse, { cameraIds: [camera.id], from: at(0), to: at(60) });
      await eventually('it is said', async () => (await holds())[0]?.ranges[0]?.gone);
      recorder.goneHolds.clear();
    });

    it('goes on holding footage of a camera that is out of use', async () => {
      const other = await harness.camera(area);
      await officer.post(path('holds'), holdListResponse, { cameraIds: [other.id], from: at(0), to: at(60) });
      await eventually('it is held', async () => (await holds())[0]?.state === 'held');
      await harness.actor('administrator').status('POST', `/api/cameras/${other.id}/retire`, { reason: 'hỏng' });
      await eventually('the recorder dropped the camera', () =>
        recorder.desired?.cameras.every((wanted) => wanted.id !== other.id),
      );
      expect(heldOf().some((hold) => hold.cameraId === other.id)).toBe(true);
      expect((await holds())[0]).toMatchObject({ state: 'held', cameraName: other.name });
    });

    it('has a clip cut, brings it home proven, and hands it out', async () => {
      const started = await startClip();
      expect(started).toMatchObject({ state: 'queued', files: [], note: 'Xe máy', cameraName: camera.name });
      const done = await untilClip(started.id, 'done');
      const [file] = done.files;
      expect(done).toMatchObject({ progress: 1, errorCode: null });
      expect(done.finishedAt).not.toBeNull();
      await eventually('the recorder may forget it', () => !recorder.extractions.has(started.id));
      expect(await rangesOf()).toEqual([[at(0), at(20)]]);

      const url = `/api/clips/${started.id}/files/0`;
      const response = await officer.fetch('GET', url);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file!.sha256);
      expect(response.headers.get('content-length')).toBe(String(file!.bytes));
      const disposition = response.headers.get('content-disposition')!;
      expect(disposition).toMatch(
        /^attachment; filename="\d{4}-CD-\d{4}_Nga ba cho -A-_\d{8}-\d{6}\.mp4"; filename\*=UTF-8''/,
      );
      const onDisk = decodeURIComponent(disposition.split("UTF-8''")[1]!);
      expect(onDisk).toMatch(/-CĐ-\d{4}_Ngã ba chợ -A-_/);
      // The page, the audit trail and the officer's disk tell one name, also after the camera got another.
      expect(file!.fileName).toBe(onDisk);
      await harness.actor('administrator').patch(`/api/cameras/${camera.id}`, cameraResponse, { name: 'Ngã ba mới' });
      expect((await clip(started.id)).files[0]!.fileName).toBe(onDisk);
      const again = await officer.fetch('GET', url, undefined, { range: 'bytes=1-1' });
      expect(again.headers.get('content-disposition')).toBe(disposition);
      await again.arrayBuffer();
      expect(JSON.stringify((await harness.trail('clip.download')).at(-1)?.details)).toContain(onDisk);
      await harness.actor('administrator').patch(`/api/cameras/${camera.id}`, cameraResponse, { name: camera.name });
      // The list counts what the page lists.
      const listed = await officer.get(`/api/incidents?text=${incident.number}`, incidentPageResponse);
      expect(listed.items[0]).toMatchObject({
        id: incident.id,
        clipCount: (await officer.get(path('clips'), clipListResponse)).items.length,
        tagCount: (await officer.get(path('tags'), tagListResponse)).items.length,
      });

      const part = await officer.fetch('GET', url, undefined, { range: 'bytes=10-19' });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
      const beyond = await officer.fetch('GET', url, undefined, { range: `bytes=${bytes.length}-` });
      expect(beyond.status).toBe(416);
      await beyond.arrayBuffer();
      // The range in the middle was the same download going on.
      expect((await harness.trail('clip.download')).filter((record) => record.subjectId === started.id)).toHaveLength(
        1,
      );
      expect(await officer.refusal('GET', `/api/clips/${started.id}/files/1`)).toBe('404 clip_file_not_found');
    });

    it('shows how far it is, and is finished by an event at once', async () => {
      recorder.extractionResult = 'waits';
      const { id } = await startClip();
      const extraction = await waitsAtRecorder(id);
      await untilClip(id, 'running');
      await eventually('its progress is known', async () => (await clip(id)).progress === 0.25);
      expect(await officer.refusal('GET', `/api/clips/${id}/files/0`)).toBe('409 clip_not_ready');
      recorder.complete(extraction);
      recorder.emit({ type: 'extraction.state', extraction: extraction.status });
      await untilClip(id, 'done');
      const progress = harness.told.flatMap(({ event, args }) => (event === 'clip.progress' ? [args[0]] : []));
      expect(progress.filter((told) => (told as { id: string }).id === id)).toMatchObject([
        { state: 'running', progress: 0.25 },
        { state: 'done', progress: 1 },
      ]);
    });

    it.each(['console', 'recorder'])('goes on with a clip when the %s was started anew', async (who) => {
      recorder.extractionResult = 'waits';
      const { id } = await startClip();
      await waitsAtRecorder(id);
      await untilClip(id, 'running');
      if (who === 'console') {
        await harness.stopConsole();
        recorder.complete(recorder.extractions.get(id)!);
        await harness.startConsole();
      } else {
        await recorder.stop();
        // It even lost its queue.
        recorder.extractions.clear();
        recorder.extractionResult = 'done';
        await recorder.start();
      }
      const done = await untilClip(id, 'done');
      expect(done.files).toHaveLength(1);
      await (await officer.fetch('GET', `/api/clips/${id}/files/0`)).arrayBuffer();
      expect(recorder.asked.filter(({ method, path: asked }) => method === 'PUT' && asked.endsWith(id)).length).toBe(2);
    });

    it('waits for a recorder that is away', async () => {
      await recorder.stop();
      const { id } = await startClip();
      await eventually('the recorder is missed', async () => (await harness.cases.routes.length) > 0);
      expect((await clip(id)).state).toBe('queued');
      await recorder.start();
      await untilClip(id, 'done');
    });

    it('tries a damaged transfer again, and gives it up at the third', async () => {
      recorder.damages = 2;
      await untilClip((await startClip()).id, 'done');
      recorder.damages = 3;
      const failed = await untilClip((await startClip()).id, 'failed');
      expect(failed).toMatchObject({ errorCode: 'internal', files: [] });
      recorder.damages = 0;
    });

    it.each([
      ['the recorder says', { errorCode: 'footage_gone' }, 'footage_gone'],
      ['it refuses', { kind: 'not_found' as const, code: 'no_footage' }, 'no_footage'],
      ['nobody foresaw', { errorCode: 'meteor' }, 'internal'],
    ])('fails with a reason when %s', async (_name, result, errorCode) => {
      recorder.extractionResult = result;
      const { id } = await startClip();
      expect(await untilClip(id, 'failed')).toMatchObject({ errorCode, files: [] });
      await eventually('the recorder may forget it', async () => {
        const row = await harness.db.read.findOneBy(clipEntity, { id });
        return row?.recorderCopy === false;
      });
    });

    it('is deleted with its files, whether finished or under way', async () => {
      const { id } = await startClip();
      await untilClip(id, 'done');
      const kept = join(harness.folder, 'objects', 'clips', id, '0.mp4');
      await access(kept);
      expect(await officer.status('DELETE', `/api/clips/${id}`)).toBe(204);
      await eventually('the file is gone', () =>
        access(kept).then(
          () => false as const,
          () => true,
        ),
      );
      await eventually('the row is gone', async () => (await harness.db.read.findOneBy(clipEntity, { id })) === null);
      expect(await officer.refusal('GET', `/api/clips/${id}`)).toBe('404 clip_not_found');

      recorder.extractionResult = 'waits';
      const running = await startClip();
      await waitsAtRecorder(running.id);
      expect(await officer.status('DELETE', `/api/clips/${running.id}`)).toBe(204);
      await eventually('the recorder lets go', () => !recorder.extractions.has(running.id));
      expect((await officer.get(path('clips'), clipListResponse)).items).toEqual([]);
      expect((await harness.trail('clip.delete')).slice(-2).map((record) => record.subjectId)).toEqual([
        id,
        running.id,
      ]);
    });

    it('says what is wrong with what it was given', async () => {
      const range = { cameraId: camera.id, from: at(0), to: at(20) };
      expect(await officer.status('POST', path('tags'), { ...range, to: at(-1) })).toBe(400);
      expect(await officer.refusal('POST', path('tags'), { ...range, from: at(99_000), to: at(99_001) })).toBe(
        '400 range_in_future',
      );
      expect(await officer.refusal('POST', path('tags'), { ...range, from: at(-90_000) })).toBe('400 range_too_long');
      expect(await officer.refusal('POST', path('clips'), { ...range, to: at(4000) })).toBe('400 range_in_future');
      expect(await officer.status('POST', path('clips'), { ...range, from: at(-22_000) })).toBe(400);
      const reader = harness.actor('district_officer', area);
      for (const what of ['tags', 'holds', 'clips']) {
        expect(await reader.refusal('POST', path(what), range)).toBe('403 not_allowed');
        expect(await reader.status('GET', path(what))).toBe(200);
      }
    });
  });
}
