import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { reloadAll } from './come-back.js';
import { meKey, useSession } from './session.js';
import { connectSocket, disconnectSocket, onReconnect, useSocketEvent } from './socket.js';

/** Keeps the socket open while somebody is signed in; the shell mounts it once. */
export function useSessionSocket(): void {
  const client = useQueryClient();
  const accountId = useSession().account?.id;
  useEffect(() => {
    if (accountId === undefined) return;
    connectSocket();
    return disconnectSocket;
  }, [accountId]);
  useEffect(() => onReconnect(() => void reloadAll(client)), [client]);
  // The server says so also after a changed role or area, where signing in goes on: ask before forgetting.
  useSocketEvent('session.ended', () => void client.invalidateQueries({ queryKey: meKey }));
}
