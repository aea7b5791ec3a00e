import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A password; an error is also said of the field itself, and the button that shows the text has a name. */
export function PasswordField(props: PasswordInputProps) {
  const { t } = useTranslation();
  const wrong = props.error !== undefined && props.error !== null && props.error !== false;
  return (
    <PasswordInput
      {...props}
      aria-invalid={wrong || undefined}
      visibilityToggleButtonProps={{ 'aria-label': t('form.showPassword') }}
    />
  );
}
