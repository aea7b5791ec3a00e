import { Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** The signed records of a recorder as the console keeps them, also of one that was removed. */
export function ChainDownload({ recorderId }: { recorderId: string }) {
  const { t } = useTranslation('recorders');
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
