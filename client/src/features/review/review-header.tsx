import { Text } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconAdjustments, IconLayoutSidebarRight, IconLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.js';
import { PageHeading } from '../../components/page-heading.js';
import { PageBar } from '../../lib/page-bar.js';
import { usePageTitle } from '../../lib/page-title.js';
import classes from './review.module.css';
import { useSidePanel } from './use-side-panel.js';

export interface ReviewHeaderProps {
  /** What is reviewed: the incident, or the purpose. */
  description: ReactNode;
  /** Number of the incident, for the browser's tab. */
  incidentNumber: string | undefined;
  /** Footage is open or being opened. */
  opened: boolean;
  /** All on one screen: the header is in the shell's top bar. */
  fitted: boolean;
  onChooseAgain(): void;
}

/** Title of the review with what it is for; as low as can be where the pictures need the room. */
export function ReviewHeader({ description, incidentNumber, opened, fitted, onChooseAgain }: ReviewHeaderProps) {
  const { t } = useTranslation('review');
  const tabTitle = [incidentNumber, t('title')].filter((part) => part !== undefined).join(' · ');
  if (!opened) return <PageHeader title={t('title')} tabTitle={tabTitle} description={description} />;
  const header = (
    <OpenedHeader tabTitle={tabTitle} description={description} fitted={fitted} onChooseAgain={onChooseAgain} />
  );
  return fitted ? <PageBar>{header}</PageBar> : header;
}

function OpenedHeader({
  tabTitle,
  description,
  fitted,
  onChooseAgain,
}: Omit<ReviewHeaderProps, 'opened' | 'incidentNumber'> & { tabTitle: string }) {
  const { t } = useTranslation('review');
  const clipboard = useClipboard({ timeout: 2500 });
  const side = useSidePanel();
  usePageTitle(tabTitle);
  const copyLabel = clipboard.copied ? t('common:actions.copied') : t('copyLink');
  return (
    <div className={classes.header} data-testid="review-header">
      <PageHeading fz={17} className={classes.headerTitle ?? ''}>
        {t('title')}
      </PageHeading>
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
