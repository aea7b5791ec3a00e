import type { AreaResponse } from '@choi-canh/shared/areas';
import { namesResponse, type NamesResponse, type ReportTextKey } from '@choi-canh/shared/names';
import type { Role } from '@choi-canh/shared/permissions';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from './api.js';
import { areaPhrase } from './area-phrase.js';

export const namesKey = ['names'] as const;

export interface Names {
  /** Empty until the names are there. */
  roleName(role: Role): string;
  /** With the mark of an old level; the code where there is no such level. */
  levelName(code: string): string;
  /** Levels to choose from: those in use now, and `current` even where it is old. */
  levelChoices(current?: string): { value: string; label: string }[];
  /** "xã Chí Đám" */
  areaPhrase(area: Pick<AreaResponse, 'name' | 'level'>): string;
  reportText(key: ReportTextKey): string;
}

/** What `data` calls things, in the language shown. */
export function namesOf(data: NamesResponse | undefined, t: TFunction, shown: string): Names {
  const language = shown === 'en' ? 'en' : 'vi';
  const level = (code: string) => data?.areaLevels.find((one) => one.code === code);
  const levelName = (code: string) => {
    const found = level(code);
    if (found === undefined) return data === undefined ? '' : code;
    return found.retired ? t('common:oldLevel', { level: found[language] }) : found[language];
  };
  return {
    roleName: (role) => data?.roles.find(({ code }) => code === role)?.[language] ?? '',
    levelName,
    levelChoices: (current) =>
      (data?.areaLevels ?? [])
        .filter(({ code, retired }) => !retired || code === current)
        .map(({ code }) => ({ value: code, label: levelName(code) })),
    areaPhrase: (area) => areaPhrase(area.name, level(area.level), language),
    reportText: (key) => data?.report[key]?.[language] ?? '',
  };
}

export function useNamesQuery() {
  return useQuery({
    queryKey: namesKey,
    queryFn: ({ signal }) => api.get('/api/names', { schema: namesResponse, signal }),
    staleTime: 5 * 60_000,
  });
}

/** What an administrator calls roles, levels of areas and the parts of a report. */
export function useNames(): Names {
  const { data } = useNamesQuery();
  const { t, i18n } = useTranslation();
  return useMemo(() => namesOf(data, t, i18n.language), [data, t, i18n.language]);
}
