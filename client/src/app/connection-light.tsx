import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFreshness } from '../lib/freshness.js';
import { useConnectionState, type ConnectionState } from '../lib/socket.js';
import classes from './connection-light.module.css';

const hints = {
  connected: 'connection.connectedHint',
  connecting: 'connection.connectingHint',
  lost: 'connection.lostHint',
  off: 'connection.connectingHint',
} as const satisfies Record<ConnectionState, string>;
const shapes: Record<ConnectionState, string> = { connected: '●', connecting: '◌', lost: '■', off: '◌' };

/** Whether the picture of the fleet is live; with words, and a shape beside the colour. */
export function ConnectionLight() {
  const { t } = useTranslation();
  const connection = useConnectionState();
  const freshness = useFreshness();
  // A socket that is open and silent is no connection.
  const state = freshness.state === 'away' ? 'lost' : freshness.state === 'returning' ? 'connecting' : connection;
  return (
    <Tooltip label={t(hints[state])}>
      <span className={classes.light} data-state={state} role="status" tabIndex={0}>
        <span aria-hidden="true">{shapes[state]}</span>
        <span className={classes.word}>{t(`connection.${state}`)}</span>
      </span>
    </Tooltip>
  );
}
