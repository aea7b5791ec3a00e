import { mostReportTextChars, reportTextKeys, type NamesResponse, type ReportTextKey } from '@choi-canh/shared/names';
import { Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ConflictPanel } from '../../components/conflict-panel.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import classes from './names.module.css';
import { useSaveNames } from './use-save-names.js';

const languages = ['vi', 'en'] as const;
type FieldName = `${ReportTextKey}_${(typeof languages)[number]}`;

const names: FieldName[] = reportTextKeys.flatMap((key) => languages.map((language) => `${key}_${language}` as const));

const valuesOf = (texts: NamesResponse['report']) =>
  Object.fromEntries(
    reportTextKeys.flatMap((key) => languages.map((language) => [`${key}_${language}`, texts[key][language]])),
  ) as Record<FieldName, string>;

/** Title, unit, number, place, recipients and signer as they stand on a printed report. */
export function ReportTextsForm({ texts }: { texts: NamesResponse['report'] }) {
  const { t } = useTranslation('administration');
  const saving = useSaveNames(texts, (all) => all.report);
  const needTitle = (value: string) => (value.trim() === '' ? t('names.needTitle') : undefined);
  const form = useAppForm({
    initial: valuesOf(texts),
    most: Object.fromEntries(names.map((name) => [name, mostReportTextChars])),
    draft: { name: 'report texts', fields: names },
    validate: { title_vi: needTitle, title_en: needTitle },
  });
  const save = async (values: Record<FieldName, string>, overwrite: boolean) => {
    const pairs = reportTextKeys.map((key) => [key, { vi: values[`${key}_vi`], en: values[`${key}_en`] }]);
    const saved = await saving.save('report', { texts: Object.fromEntries(pairs) as unknown }, overwrite);
    if (saved === undefined) return false;
    form.reset(valuesOf(saved.report));
    return true;
  };
  return (
    <AppForm
      form={form}
      testId="names-report"
      onSubmit={(values) => save(values, false)}
      actions={<FormActions submitLabel={t('names.save')} testId="names-save" />}
    >
      <Text c="dimmed">{t('names.reportHint')}</Text>
      <Stack gap="md">
        {reportTextKeys.map((key) => (
          <div key={key} className={classes.pair}>
            {languages.map((language) => {
              const props = {
                label: t('names.inLanguage', {
                  field: t(`names.report.${key}`),
                  language: t(`names.ofLanguage.${language}`),
                }),
                lang: language,
                'data-testid': `report-${key}-${language}`,
                ...form.text(`${key}_${language}`),
              };
              return key === 'recipients' ? (
                <Textarea key={language} autosize minRows={2} maxRows={8} {...props} />
              ) : (
                <TextInput key={language} {...props} />
              );
            })}
          </div>
        ))}
      </Stack>
      {saving.conflict !== undefined && (
        <ConflictPanel
          title={t('names.changedMeanwhile')}
          onMine={() => form.submit((values) => save(values, true))()}
          onTheirs={() => {
            if (saving.conflict !== undefined) form.reset(valuesOf(saving.conflict.report));
            saving.accept();
          }}
        />
      )}
    </AppForm>
  );
}
