import { tagResponse, type TagCreateRequest, type TagResponse } from '@choi-canh/shared/evidence';
import i18next from 'i18next';
import { api } from './api.js';
import { formatTime } from './time.js';
import type { UndoHistory } from './undo-history.js';

type TagPatch = { note?: string; decisive?: boolean };

/** Newest id of a tag that was deleted and came back. */
const replaced = new Map<string, string>();

/**
 * Creates, edits and deletes tags, and records each in the page's history. A tag that comes back is made once more: the
 * audit trail shows the deletion and the new tag, as it was.
 */
export function createTagActions(history: UndoHistory | undefined, after: (incidentId: string) => void) {
  async function create(incidentId: string, body: TagCreateRequest): Promise<TagResponse> {
    const tag = await api.post(`/api/incidents/${incidentId}/tags`, { body, schema: tagResponse });
    after(incidentId);
    return tag;
  }
  async function patch(tagId: string, incidentId: string, body: TagPatch): Promise<void> {
    await api.patch(`/api/tags/${tagId}`, { body });
    after(incidentId);
  }
  async function remove(tagId: string, incidentId: string): Promise<void> {
    await api.delete(`/api/tags/${tagId}`);
    after(incidentId);
  }
  const words = (kind: 'created' | 'edited' | 'deleted', tag: TagResponse) =>
    i18next.t(`common:undo.tag.${kind}`, { camera: tag.cameraName, at: formatTime(tag.from) });
  const bodyOf = ({ cameraId, from, to, note, decisive }: TagResponse): TagCreateRequest => ({
    ...{ cameraId, from, to, note, decisive },
  });
  /** Ids change where a tag comes back; later steps of the history go by the newest. */
  const idNow = (tag: TagResponse) => {
    let id = tag.id;
    for (let next = replaced.get(id); next !== undefined; next = replaced.get(id)) id = next;
    return id;
  };
  async function bringBack(tag: TagResponse, as: TagCreateRequest): Promise<void> {
    const gone = idNow(tag);
    replaced.set(gone, (await create(tag.incidentId, as)).id);
  }

  return {
    async createTag(incidentId: string, body: TagCreateRequest): Promise<TagResponse> {
      const tag = await create(incidentId, body);
      history?.record({
        what: words('created', tag),
        undo: () => remove(idNow(tag), incidentId),
        redo: () => bringBack(tag, body),
      });
      return tag;
    },
    async patchTag(tag: TagResponse, body: TagPatch): Promise<void> {
      await patch(tag.id, tag.incidentId, body);
      const before: TagPatch = {
        ...(body.note === undefined ? {} : { note: tag.note }),
        ...(body.decisive === undefined ? {} : { decisive: tag.decisive }),
      };
      history?.record({
        what: words('edited', tag),
        undo: () => patch(idNow(tag), tag.incidentId, before),
        redo: () => patch(idNow(tag), tag.incidentId, body),
      });
    },
    async deleteTag(tag: TagResponse): Promise<void> {
      await remove(tag.id, tag.incidentId);
      history?.record({
        what: words('deleted', tag),
        undo: () => bringBack(tag, bodyOf(tag)),
        redo: () => remove(idNow(tag), tag.incidentId),
      });
    },
  };
}
