import { PasswordInput, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RecorderDraft } from './recorder-draft.js';

export interface RecorderFieldsProps {
  draft: RecorderDraft;
  onChange: (changed: Partial<RecorderDraft>) => void;
  /** Fields to mark. */
  wrong: ReadonlySet<string>;
  tokenHint: string;
  tokenRequired: boolean;
  /** False for the recorder beside the server: nobody chooses how it is reached. */
  reached?: boolean;
}

/** What people say of a recorder: its name, and where it is reached with which token. */
export function RecorderFields({
  draft,
  onChange,
  wrong,
  tokenHint,
  tokenRequired,
  reached = true,
}: RecorderFieldsProps) {
  const { t } = useTranslation('recorders');
  return (
    <>
      <TextInput
        label={t('fields.name')}
        placeholder={t('fields.nameExample')}
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={wrong.has('name') && t('errors:fields.name')}
        maxLength={120}
        required
        data-autofocus
      />
      {reached && (
        <>
          <TextInput
            label={t('fields.url')}
            description={t('fields.urlHint')}
            value={draft.url}
            onChange={(event) => onChange({ url: event.currentTarget.value })}
            error={wrong.has('url') && t('fields.urlWrong')}
            maxLength={300}
            inputMode="url"
            required
          />
          <PasswordInput
            label={t('fields.token')}
            description={tokenHint}
            value={draft.token}
            onChange={(event) => onChange({ token: event.currentTarget.value })}
            error={wrong.has('token') && t('fields.tokenWrong')}
            autoComplete="off"
            maxLength={300}
            required={tokenRequired}
          />
        </>
      )}
    </>
  );
}
