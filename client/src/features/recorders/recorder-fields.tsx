import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '../../components/form/password-field.js';
import type { AppForm } from '../../components/form/use-app-form.js';
import type { RecorderDraft } from './recorder-draft.js';

export interface RecorderFieldsProps {
  /** Props of a field of the form. */
  text: (name: keyof RecorderDraft) => ReturnType<AppForm<RecorderDraft>['text']>;
  tokenHint: string;
  tokenRequired: boolean;
  /** False for the recorder beside the server: nobody chooses how it is reached. */
  reached?: boolean;
}

/** What people say of a recorder: its name, and where it is reached with which token. */
export function RecorderFields({ text, tokenHint, tokenRequired, reached = true }: RecorderFieldsProps) {
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
            inputMode="url"
            required
          />
          <PasswordField
            {...text('token')}
            label={t('fields.token')}
            description={tokenHint}
            autoComplete="off"
            required={tokenRequired}
          />
        </>
      )}
    </>
  );
}
