import { socketPath, type ClientToServerEvents, type ServerToClientEvents } from '@choi-canh/shared/realtime';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { io, type Socket } from 'socket.io-client';
import { freshness } from './freshness.js';
import { onProbeAnswered } from './server-contact.js';

export type AppSocket = Socket<ServerToClientEvents, ClientToServerEvents>;
/** `off`: nobody is signed in. */
export type ConnectionState = 'off' | 'connecting' | 'connected' | 'lost';

/** One socket a browser page; it carries the session's cookie and connects only while somebody is signed in. */
export const socket: AppSocket = io({
  path: socketPath,
  autoConnect: false,
  timeout: 5000,
  reconnectionDelay: 500,
  reconnectionDelayMax: 2000,
});

let connection: ConnectionState = 'off';
const listeners = new Set<() => void>();
const reconnectListeners = new Set<() => void>();
let wasConnected = false;
function mayHaveMissed(): void {
  for (const listener of reconnectListeners) listener();
}

let retryTimer: ReturnType<typeof setTimeout> | undefined;

function setConnection(next: ConnectionState): void {
  if (next === connection) return;
  connection = next;
  freshness.socketIs(next, performance.now());
  for (const listener of listeners) listener();
}

/** When the last packet came, monotonic. */
let packetAtMs = 0;
socket.io.on('open', () => {
  socket.io.engine.on('packet', () => {
    packetAtMs = performance.now();
    freshness.packet(packetAtMs);
  });
});
/** A socket that stays silent although the server answers requests belongs to a connection that is gone. */
const goneAfterMs = 6000;
onProbeAnswered(() => {
  if (connection === 'off') return;
  if (socket.connected && performance.now() - packetAtMs > goneAfterMs) socket.io.engine.close();
  else if (!socket.active) socket.connect();
});

socket.on('connect', () => {
  setConnection('connected');
  if (wasConnected) mayHaveMissed();
  wasConnected = true;
});
socket.on('events.missed', mayHaveMissed);
socket.on('disconnect', (reason) => {
  if (connection === 'off') return;
  // Disconnected by the server, which therefore lives: mostly for a changed role or an ended session. socket.io does
  // not come back by itself then.
  if (reason === 'io server disconnect') {
    setConnection('connecting');
    retryLater();
  } else setConnection('lost');
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
  }, 1000);
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
