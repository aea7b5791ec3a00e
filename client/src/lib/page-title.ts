import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useFreshness } from './freshness.js';

/** Title of the browser's tab; it says too when the server is away, for who has the page in the background. */
export function usePageTitle(title: string): void {
  const { t } = useTranslation('common');
  const away = useFreshness().state === 'away';
  useEffect(() => {
    const words = [...(away ? [`■ ${t('away.title')}`] : []), title, t('appName')];
    document.title = words.join(' · ');
  }, [away, title, t]);
}
