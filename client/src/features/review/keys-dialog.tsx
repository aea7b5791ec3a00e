import { Kbd, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { FormDialog } from '../../components/form/form-dialog.js';
import { keyWord, reviewKeys } from './review-keys.js';
import { TimelineLegend } from './timeline-legend.js';

export function KeysDialog({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const { t } = useTranslation('review');
  return (
    <FormDialog opened={opened} onClose={onClose} title={t('keys.title')}>
      <Table fz="md">
        <Table.Tbody>
          {reviewKeys.map(({ name, keys }) => (
            <Table.Tr key={name}>
              <Table.Td w={130}>
                {keys.map((key) => (
                  <Kbd key={key} size="md" me={6}>
                    {keyWord(key, t('keys.space'))}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{t(`keys.${name}`)}</Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Td w={130}>
              <Kbd size="md">0–9</Kbd>
            </Table.Td>
            <Table.Td>{t('keys.time')}</Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
      <TimelineLegend />
    </FormDialog>
  );
}
