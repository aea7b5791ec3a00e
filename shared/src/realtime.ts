import type { CameraAddResponse, DiscoveryResponse } from './cameras.js';
import type { ConsoleAlert } from './console-alerts.js';
import type { ClipResponse, HoldResponse } from './evidence.js';
import type { CameraStatus } from './health.js';
import type { RecorderAlerts } from './recorders.js';

/**
 * socket.io, path `/api/socket`. A socket carries the session cookie of its browser; each event goes only to sockets
 * whose account has the permission and whose area covers the subject. Logout or a changed role or area disconnects.
 */
export interface ServerToClientEvents {
  /** camera.view. Changes only; the browser loads the list first. Up to 200 at once. */
  'camera.state': (statuses: CameraStatus[]) => void;
  /** camera.view. A camera was added, changed or deleted: reload it. */
  'camera.changed': (cameraIds: string[]) => void;
  /** camera.discover, to the account that asked. */
  'discovery.progress': (discovery: DiscoveryResponse) => void;
  'camera.add': (result: CameraAddResponse) => void;
  /** clip.extract */
  'clip.progress': (clip: ClipResponse) => void;
  /** hold.edit */
  'hold.state': (hold: HoldResponse) => void;
  /** Tags, holds, clips or the incident itself changed. */
  'incident.changed': (incidentId: string) => void;
  /** recorder.view. All alerts of each recorder named; no alert: all is well with it again. */
  'recorder.alerts': (recorders: RecorderAlerts[]) => void;
  /** recorder.view. All alerts of the console itself, gravest first; an empty list clears. */
  'console.alerts': (alerts: ConsoleAlert[]) => void;
  /** Events may have been lost on their way to the server: load again what is shown. */
  'events.missed': () => void;
  /** Before the server disconnects a socket whose session ended. */
  'session.ended': () => void;
}
export type ClientToServerEvents = Record<string, never>;
export const socketPath = '/api/socket';
