import { PageHeader } from '../../components/page-header.js';
import { useTranslation } from 'react-i18next';

export function CameraPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('nav.cameras')} />;
}
