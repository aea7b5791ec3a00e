import { socketPath, type ClientToServerEvents, type ServerToClientEvents } from '@choi-canh/shared/realtime';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { io, type Socket } from 'socket.io-client';

export type AppSocket = Socket<ServerToClientEvents, ClientToServerEvents>;
/** `off`: nobody is signed in. */
export type ConnectionState = 'off' | 'connecting' | 'connected' | 'lost';

/** One socket a browser page; it carries the session's cookie and connects only while somebody is signed in. */
export const socket: AppSocket = io({ path: socketPath, autoConnect: false, reconnectionDelayMax: 10_000 });

let connection: ConnectionState = 'off';
const listeners = new Set<() => void>();
const reconnectListeners = new Set<() => void>();
let wasConnected = false;
let retryTimer: ReturnType<typeof setTimeout> | undefined;

function setConnection(next: ConnectionState): void {
  if (next === connection) return;
  connection = next;
  for (const listener of listeners) listener();
}

socket.on('connect', () => {
  setConnection('connected');
  if (wasConnected) for (const listener of reconnectListeners) listener();
  wasConnected = true;
});
socket.on('disconnect', (reason) => {
  if (connection === 'off') return;
  setConnection('lost');
  // After a disconnect by the server socket.io does not come back by itself.
  if (reason === 'io server disconnect') retryLater();
});
socket.on('connect_error', () => {
  if (connection === 'off') return;
  setConnection(wasConnected ? 'lost' : 'connecting');
  // Refused by the server (not: no network), socket.io gives up.
  if (!socket.active) retryLater();
});

function retryLater(): void {
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => {
    if (connection !== 'off') socket.connect();
  }, 5000);
}

export function connectSocket(): void {
  if (connection !== 'off') return;
  setConnection('connecting');
  socket.connect();
}

export function disconnectSocket(): void {
  clearTimeout(retryTimer);
  setConnection('off');
  wasConnected = false;
  socket.disconnect();
}

export function useConnectionState(): ConnectionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}

/** Calls back after a lost connection returned: events were missed, so whatever they feed must be loaded again. */
export function onReconnect(listener: () => void): () => void {
  reconnectListeners.add(listener);
  return () => reconnectListeners.delete(listener);
}

type EventName = keyof ServerToClientEvents;

/** Listens while the component is mounted; always calls the newest handler. */
export function useSocketEvent<E extends EventName>(event: E, handler: ServerToClientEvents[E]): void {
  const newest = useRef(handler);
  useEffect(() => {
    newest.current = handler;
  });
  useEffect(() => {
    const listener = (...args: unknown[]) => (newest.current as (...values: unknown[]) => void)(...args);
    socket.on(event, listener as never);
    return () => {
      socket.off(event, listener as never);
    };
  }, [event]);
}
