import { PageHeader } from '../../components/page-header.js';
import { useTranslation } from 'react-i18next';

export function IncidentPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('nav.incidents')} />;
}
