import type { Locale } from '@choi-canh/shared/accounts';
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

/** What the sign-in needs; the rest comes with the shell (i18n-pages.ts). */
const files = import.meta.glob<Record<string, unknown>>('../locales/*/{common,auth,errors}.json', {
  eager: true,
  import: 'default',
});
const storageKey = 'choi-canh.language';

/** `locales/<language>/<namespace>.json` → i18next resources. */
export function resourcesOf(files: Record<string, Record<string, unknown>>) {
  const all: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const [path, content] of Object.entries(files)) {
    const match = /locales\/([^/]+)\/([^/]+)\.json$/.exec(path);
    if (match?.[1] !== undefined && match[2] !== undefined) (all[match[1]] ??= {})[match[2]] = content;
  }
  return all;
}

function rememberedLanguage(): Locale {
  try {
    return localStorage.getItem(storageKey) === 'en' ? 'en' : 'vi';
  } catch {
    return 'vi'; // storage forbidden by the browser's settings
  }
}

/** Vietnamese unless this browser remembers English. */
export function startI18n(): void {
  const language = rememberedLanguage();
  void i18next.use(initReactI18next).init({
    resources: resourcesOf(files),
    lng: language,
    fallbackLng: 'vi',
    defaultNS: 'common',
    fallbackNS: 'common',
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
}

export function setLanguage(language: Locale): void {
  if (i18next.language === language) return;
  document.documentElement.lang = language;
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // Storage forbidden: the choice then lasts until the page is closed.
  }
  void i18next.changeLanguage(language);
}
