import type { CameraRetryResponse } from '@choi-canh/shared/cameras';
import type { CameraReason, CameraState } from '@choi-canh/shared/health';

/** What can be done about a camera's state, most helpful first. */
export type Cure = 'retry' | 'password' | 'device' | 'recorder' | 'enable';

const cures: Record<CameraReason, readonly Cure[]> = {
  ok: [],
  connecting: ['retry', 'device'],
  recorder_unreachable: ['recorder'],
  recorder_silent: ['recorder'],
  recorder_stopped: ['recorder'],
  disabled: ['enable'],
  storage_full: ['recorder'],
  storage_missing: ['recorder'],
  host_unreachable: ['retry', 'device'],
  connection_refused: ['retry', 'device'],
  wrong_password: ['password', 'retry', 'device'],
  account_locked: ['device', 'retry', 'password'],
  password_withheld: ['password', 'device'],
  password_unreadable: ['password'],
  address_refused: ['recorder'],
  tls_key_changed: ['password', 'device'],
  tls_unusable: ['device', 'retry'],
  forbidden: ['retry', 'device'],
  no_such_stream: ['device', 'retry'],
  camera_busy: ['retry', 'device'],
  unsupported_transport: ['device', 'retry'],
  stream_refused: ['retry', 'device'],
  no_stream: ['retry', 'device'],
  stream_stalled: ['retry', 'device'],
  stream_ended: ['retry', 'device'],
  not_video: ['device', 'retry'],
  bad_answer: ['retry', 'device'],
  onvif_unreachable: ['retry', 'device'],
  clock_offset: ['device'],
  slow_frames: ['device'],
  storage_slow: ['recorder'],
  picture_frozen: ['device'],
  packet_loss: ['device'],
  no_keyframe: ['device', 'retry'],
  bad_timestamps: ['device'],
  engine_missing: ['recorder'],
  engine_failed: ['retry', 'recorder'],
  retired: [],
  unknown: ['retry', 'device'],
};

export function curesOf(camera: { state: CameraState; reason: CameraReason }): readonly Cure[] {
  return camera.state === 'alive' ? [] : cures[camera.reason];
}

/** The device's own page in the technician's browser; undefined where its address is none that a browser should open. */
export function devicePage(deviceAddress: string): string | undefined {
  if (!URL.canParse(deviceAddress)) return undefined;
  const { protocol, host } = new URL(deviceAddress);
  return protocol === 'http:' || protocol === 'https:' ? `${protocol}//${host}/` : undefined;
}

/** A camera that is tried again has answered, or is known not to, within this time. */
const attemptMs = 15_000;

/** How long what came of "try again" is so: after that the attempt is over, or the next one is allowed. */
export function retrySaidForMs({ tried, waitMs }: CameraRetryResponse): number {
  return tried ? attemptMs : waitMs;
}

/** Ids of the fields that a cure leads to. */
export const cureTargets = { password: 'camera-password', enable: 'camera-enabled' } as const;

/** Brings a field of the page into view and the keyboard into it. */
export function focusField(id: string): void {
  const field = document.getElementById(id);
  field?.scrollIntoView({ block: 'center' });
  field?.focus({ preventScroll: true });
}
