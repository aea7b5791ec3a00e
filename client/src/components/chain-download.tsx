import { Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSession } from '../lib/session.js';

/**
 * The signed records of a recorder as the console keeps them, also of one that was removed. They name cameras of every area:
 * for accounts of everything only.
 */
export function ChainDownload({ recorderId }: { recorderId: string }) {
  const { t } = useTranslation('recorders');
  const session = useSession();
  if (!session.can('recorder.manage') || session.account?.areaId !== null) return null;
  return (
    <Anchor
      href={`/api/recorders/${recorderId}/chain/records.jsonl`}
      download
      title={t('chain.downloadHint')}
      style={{ display: 'inline-flex', alignItems: 'center', minHeight: 40 }}
    >
      {t('chain.download')}
    </Anchor>
  );
}
