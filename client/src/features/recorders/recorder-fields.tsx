import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AppForm } from '../../components/form/use-app-form.js';
import type { RecorderDraft } from './recorder-draft.js';

export interface RecorderFieldsProps {
  /** Props of a field of the form. */
  text: (name: keyof RecorderDraft) => ReturnType<AppForm<RecorderDraft>['text']>;
  codeHint: string;
  codeRequired: boolean;
  /** False for the recorder beside the server: nobody chooses how it is reached. */
  reached?: boolean;
}

/** What people say of a recorder: its name, where it is reached, and the code by which it is paired. */
export function RecorderFields({ text, codeHint, codeRequired, reached = true }: RecorderFieldsProps) {
  const { t } = useTranslation('recorders');
  return (
    <>
      <TextInput
        {...text('name')}
        label={t('fields.name')}
        placeholder={t('fields.nameExample')}
        required
        data-autofocus
      />
      {reached && (
        <>
          <TextInput
            {...text('url')}
            label={t('fields.url')}
            description={t('fields.urlHint')}
            placeholder={t('fields.urlExample')}
            inputMode="url"
            required
          />
          <TextInput
            {...text('code')}
            label={t('fields.code')}
            description={codeHint}
            placeholder="7K3M-Q9TX-0F2A-JV8C"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            required={codeRequired}
          />
        </>
      )}
    </>
  );
}
