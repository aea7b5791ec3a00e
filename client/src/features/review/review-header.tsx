import { Text, Title } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconAdjustments, IconLayoutSidebarRight, IconLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.js';
import { PageBar } from '../../lib/page-bar.js';
import { usePageTitle } from '../../lib/page-title.js';
import classes from './review.module.css';
import { useSidePanel } from './use-side-panel.js';

export interface ReviewHeaderProps {
  /** What is reviewed: the incident, or the purpose. */
  description: ReactNode;
  /** Footage is open or being opened. */
  opened: boolean;
  /** All on one screen: the header is in the shell's top bar. */
  fitted: boolean;
  onChooseAgain(): void;
}

/** Title of the review with what it is for; as low as can be where the pictures need the room. */
export function ReviewHeader({ description, opened, fitted, onChooseAgain }: ReviewHeaderProps) {
  const { t } = useTranslation('review');
  if (!opened) return <PageHeader title={t('title')} description={description} />;
  const header = <OpenedHeader description={description} fitted={fitted} onChooseAgain={onChooseAgain} />;
  return fitted ? <PageBar>{header}</PageBar> : header;
}

function OpenedHeader({ description, fitted, onChooseAgain }: Omit<ReviewHeaderProps, 'opened'>) {
  const { t } = useTranslation('review');
  const clipboard = useClipboard({ timeout: 2500 });
  const side = useSidePanel();
  usePageTitle(t('title'));
  const copyLabel = clipboard.copied ? t('common:actions.copied') : t('copyLink');
  return (
    <div className={classes.header} data-testid="review-header">
      <Title order={1} fz={17} className={classes.headerTitle}>
        {t('title')}
      </Title>
      <Text component="div" className={classes.headerLine}>
        {description}
      </Text>
      <div className={classes.headerActions}>
        <button
          type="button"
          className={classes.headerAction}
          title={copyLabel}
          onClick={() => clipboard.copy(globalThis.location.href)}
        >
          <IconLink size={20} aria-hidden="true" />
          <span>{copyLabel}</span>
        </button>
        <button
          type="button"
          className={classes.headerAction}
          data-words
          title={t('chooseAgain')}
          onClick={onChooseAgain}
        >
          <IconAdjustments size={20} aria-hidden="true" />
          <span>{t('chooseAgain')}</span>
        </button>
        {fitted && (
          <button
            type="button"
            className={classes.headerAction}
            data-testid="review-side-toggle"
            title={t('side.toggle')}
            aria-expanded={side.opened}
            onClick={() => side.setOpened(!side.opened)}
          >
            <IconLayoutSidebarRight size={20} aria-hidden="true" />
            <span>{t('side.toggle')}</span>
          </button>
        )}
      </div>
    </div>
  );
}
