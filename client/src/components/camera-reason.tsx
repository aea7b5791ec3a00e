import type { CameraStatus } from '@choi-canh/shared/health';
import { useTranslation } from 'react-i18next';
import { useAsOf } from '../lib/as-of.js';

/** Why a camera is in its state; while the server is away with the instant that it is of. */
export function CameraReasonText({ reason }: Pick<CameraStatus, 'reason'>) {
  const { t } = useTranslation();
  const asOf = useAsOf();
  const words = t(`common:cameraReasons.${reason}`);
  return asOf === undefined ? words : t('common:away.was', { asOf, word: words });
}
