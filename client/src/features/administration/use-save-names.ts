import { namesResponse, type NamesResponse } from '@choi-canh/shared/names';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.js';
import { namesKey } from '../../lib/names.js';
import { notifyDone } from '../../lib/notify.js';

/** Saves one list of names, and lets every page that shows one of them know. */
export function useSaveNames(): (path: string, body: unknown) => Promise<NamesResponse> {
  const { t } = useTranslation();
  const client = useQueryClient();
  return async (path, body) => {
    const saved = await api.put(`/api/names/${path}`, { schema: namesResponse, body });
    client.setQueryData(namesKey, saved);
    await client.invalidateQueries({ queryKey: ['categories'] });
    notifyDone(t('saved'));
    return saved;
  };
}
