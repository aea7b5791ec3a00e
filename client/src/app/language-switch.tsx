import { SegmentedControl } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { setLanguage } from '../lib/i18n.js';
import { useSession } from '../lib/session.js';

export function LanguageSwitch({ labelledBy }: { labelledBy?: string }) {
  const { t, i18n } = useTranslation();
  const session = useSession();
  return (
    <SegmentedControl
      fullWidth
      {...(labelledBy === undefined ? { 'aria-label': t('person.language') } : { 'aria-labelledby': labelledBy })}
      value={i18n.language === 'en' ? 'en' : 'vi'}
      onChange={(value) => {
        const language = value === 'en' ? 'en' : 'vi';
        // The choice holds in this browser even if the account cannot be reached to keep it.
        session.changeLanguage(language).catch(() => setLanguage(language));
      }}
      data={[
        { value: 'vi', label: t('languages.vi') },
        { value: 'en', label: t('languages.en') },
      ]}
    />
  );
}
