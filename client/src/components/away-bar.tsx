import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { staleTime } from '../lib/as-of.js';
import { useAwayCause } from '../lib/away-cause.js';
import { useFreshness } from '../lib/freshness.js';
import { probeServer } from '../lib/server-contact.js';
import classes from './away-bar.module.css';

/** On every page while the server is away: since when, what that means for the figures, and a button that tries now. */
export function AwayBar({ floating = false }: { floating?: boolean }) {
  const { t } = useTranslation();
  const now = useFreshness();
  const cause = useAwayCause();
  const [trying, setTrying] = useState(false);
  if (now.state === 'fresh') return null;
  const time = staleTime(now.sinceMs);
  const tryNow = () => {
    setTrying(true);
    void probeServer().finally(() => setTrying(false));
  };
  return (
    <div className={classes.bar} data-floating={floating || undefined} data-state={now.state} data-testid="away-bar">
      <p className={classes.words} role="alert">
        <span aria-hidden="true">■ </span>
        {now.state === 'away' ? t('common:away.text', { time }) : t('common:away.returning')}
        {now.state === 'away' && cause !== undefined && ` ${t(`errors:${cause}`)}`}
      </p>
      {now.state === 'away' && (
        <Button
          className={classes.button ?? ''}
          variant="default"
          loading={trying}
          leftSection={<IconRefresh size={18} aria-hidden="true" />}
          onClick={tryNow}
        >
          {t('common:away.retry')}
        </Button>
      )}
    </div>
  );
}
