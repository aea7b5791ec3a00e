import i18next from 'i18next';
import { resourcesOf } from './i18n.js';

/** The words of the pages behind the sign-in, both languages; imported by the shell, which is loaded after it. */
const files = import.meta.glob<Record<string, unknown>>(
  ['../locales/*/*.json', '!../locales/*/{common,auth,errors}.json'],
  { eager: true, import: 'default' },
);

for (const [language, namespaces] of Object.entries(resourcesOf(files))) {
  for (const [namespace, words] of Object.entries(namespaces)) {
    i18next.addResourceBundle(language, namespace, words, true, true);
  }
}
