import type { TagResponse } from '@choi-canh/shared/evidence';
import { beforeEach, expect, it, vi } from 'vitest';
import { api } from './api.js';
import { createTagActions } from './tag-actions.js';
import { UndoHistory } from './undo-history.js';

vi.mock('./api.js', () => ({ api: { post: vi.fn(), patch: vi.fn(), delete: vi.fn() } }));

const tag: TagResponse = {
  id: 'tag-1',
  incidentId: 'case',
  cameraId: 'camera',
  cameraName: 'Cam 1',
  from: '2026-11-22T07:30:00.000Z',
  to: '2026-11-22T07:30:20.000Z',
  note: 'xe máy',
  decisive: true,
  createdAt: '2026-11-22T08:00:00.000Z',
  createdByName: 'Lan',
};
const asMade = { cameraId: 'camera', from: tag.from, to: tag.to, note: 'xe máy', decisive: true };
let calls: string[];

beforeEach(() => {
  calls = [];
  let made = 1;
  vi.mocked(api.post).mockImplementation((_path, options) => {
    calls.push(`post ${JSON.stringify(options?.body)}`);
    made += 1;
    return Promise.resolve({ ...tag, id: `tag-${made}` });
  });
  vi.mocked(api.patch).mockImplementation((path, options) => {
    calls.push(`patch ${path} ${JSON.stringify(options?.body)}`);
    return Promise.resolve(undefined);
  });
  vi.mocked(api.delete).mockImplementation((path) => {
    calls.push(`delete ${path}`);
    return Promise.resolve(undefined);
  });
});

it('brings a deleted tag back as it was, and goes by its new id from then on', async () => {
  const history = new UndoHistory();
  const own = { ...tag, id: 'tag-deleted' };
  const actions = createTagActions(history, () => undefined);
  await actions.patchTag(own, { decisive: false });
  await actions.deleteTag({ ...own, decisive: false });
  await history.undo();
  await history.undo();
  await history.redo();
  await history.redo();
  expect(calls).toEqual([
    'patch /api/tags/tag-deleted {"decisive":false}',
    'delete /api/tags/tag-deleted',
    `post ${JSON.stringify({ ...asMade, decisive: false })}`,
    'patch /api/tags/tag-2 {"decisive":true}',
    'patch /api/tags/tag-2 {"decisive":false}',
    'delete /api/tags/tag-2',
  ]);
});

it('takes a new tag away, and makes it again', async () => {
  const history = new UndoHistory();
  const actions = createTagActions(history, () => undefined);
  const made = await actions.createTag('case', asMade);
  await history.undo();
  await history.redo();
  await history.undo();
  expect(calls).toEqual([
    `post ${JSON.stringify(asMade)}`,
    `delete /api/tags/${made.id}`,
    `post ${JSON.stringify(asMade)}`,
    'delete /api/tags/tag-3',
  ]);
});
