import { namesResponse, type NamesResponse } from '@choi-canh/shared/names';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isApiError } from '../../lib/api-error.js';
import { api } from '../../lib/api.js';
import { namesKey } from '../../lib/names.js';
import { notifyDone } from '../../lib/notify.js';

/**
 * Saves one list of names, and lets every page that shows one of them know. `seen` is the list as it was loaded: where
 * somebody else has changed it since, nothing is saved and `conflict` has what is there now.
 */
export function useSaveNames<Seen>(loaded: Seen, pick: (names: NamesResponse) => Seen) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [seen, setSeen] = useState(loaded);
  const [conflict, setConflict] = useState<NamesResponse>();
  return {
    conflict,
    /** The newest list was taken, or is overwritten knowingly. */
    accept() {
      if (conflict !== undefined) setSeen(pick(conflict));
      setConflict(undefined);
    },
    /** @returns what is saved; undefined where there is a conflict. */
    async save(path: string, body: object, overwrite = false): Promise<NamesResponse | undefined> {
      const known = overwrite && conflict !== undefined ? pick(conflict) : seen;
      try {
        const saved = await api.put(`/api/names/${path}`, { schema: namesResponse, body: { ...body, seen: known } });
        client.setQueryData(namesKey, saved);
        await client.invalidateQueries({ queryKey: ['categories'] });
        setSeen(pick(saved));
        setConflict(undefined);
        notifyDone(t('saved'));
        return saved;
      } catch (error) {
        if (!isApiError(error, 'conflict') || error.code !== 'names_changed') throw error;
        setConflict(await api.get('/api/names', { schema: namesResponse }));
        return undefined;
      }
    },
  };
}
