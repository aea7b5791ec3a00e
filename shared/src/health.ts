import { z } from 'zod';
import { idSchema, instantSchema } from './common.js';

/** What people see of a camera. One word, one shape, one colour (ui.md). */
export const cameraStates = ['alive', 'degraded', 'down', 'paused', 'unknown', 'maintenance'] as const;
export type CameraState = (typeof cameraStates)[number];
export const cameraStateSchema = z.enum(cameraStates);

/** Why the camera is in its state; the browser's sentence is `cameraReasons.<code>`. */
export const cameraReasons = [
  'ok', // alive
  'connecting', // unknown: just added or started
  'recorder_unreachable', // unknown: the console has lost the recorder
  'recorder_silent', // unknown: the recorder has not been heard for some seconds, or not yet; never stored
  'recorder_stopped', // unknown: the recorder did not run, as it told when it ran again; always in the past
  'disabled', // paused by a person
  'storage_full', // paused: no room on the disk, and nothing that may be deleted
  'storage_missing', // paused: the volume of the footage is not mounted, or is another one
  'host_unreachable', // down: no route, no answer to TCP
  'connection_refused', // down: host answers, RTSP port closed
  'wrong_password', // down
  'account_locked', // down: the device keeps the account locked after wrong passwords; it is not tried meanwhile
  'password_withheld', // down: it would have gone to a host that nobody confirmed, or in clear where it did not before
  'password_unreadable', // down: the console's key does not open the stored password; never stored
  'tls_key_changed', // down: over https the device shows another key than the one that is pinned
  'tls_unusable', // down: its https is too old or broken for any connection
  'forbidden', // down: it answers 403: too many clients, or an address filter
  'address_refused', // down: the address is none that a camera may have (loopback, link-local, multicast)
  'no_such_stream', // down: 404, the camera has no stream at the address
  'camera_busy', // down: 453 or 503, no bandwidth, receivers or sessions left
  'unsupported_transport', // down: 461, neither RTP over TCP nor over UDP
  'stream_refused', // down: any other refusal of a request
  'no_stream', // down: RTSP answers, no frame arrives
  'stream_stalled', // down: frames came and stopped
  'stream_ended', // down: the camera closed the stream
  'not_video', // down: the stream holds no video that can be recorded
  'bad_answer', // down: garbled, oversized or invalid ONVIF or RTSP answer
  'onvif_unreachable', // degraded: recorded, but ONVIF does not answer
  'clock_offset', // degraded: the camera's clock is more than 5 s off
  'slow_frames', // degraded: under half of the frame rate the camera promised
  'storage_slow', // degraded
  'picture_frozen', // degraded: frames come, and the picture has not changed for long
  'packet_loss', // degraded: over 1 % of the packets were lost in the last while
  'no_keyframe', // down: pictures come, none can be decoded from; degraded: keyframes stay away in mid-stream
  'bad_timestamps', // degraded for 60 s after the camera's time stamps jumped; its time is that of arrival meanwhile
  'engine_missing', // down: the camera needs ffmpeg, which the recorder does not have
  'engine_failed', // down: ffmpeg failing for a reason of its own
  'retired', // paused: taken out of use
  'unknown', // of another version of the product, which this one has no word for
] as const;
export type CameraReason = (typeof cameraReasons)[number];
export const cameraReasonSchema = z.enum(cameraReasons);

/** What is stored or sent as a state or reason; `unknown` for one that only another version has. */
export const knownCameraState = (text: string): CameraState => cameraStateSchema.catch('unknown').parse(text);
export const knownCameraReason = (text: string): CameraReason => cameraReasonSchema.catch('unknown').parse(text);

export const cameraStatus = z.object({
  cameraId: idSchema,
  state: cameraStateSchema,
  reason: cameraReasonSchema,
  /** English detail for technicians, at most 300 characters, free of credentials; may be empty. */
  detail: z.string().max(300),
  sinceAt: instantSchema,
});
export type CameraStatus = z.infer<typeof cameraStatus>;

/** One stretch of time in one state. `toAt` null: still so. */
export const cameraStateInterval = cameraStatus.extend({ toAt: instantSchema.nullable() });
export type CameraStateInterval = z.infer<typeof cameraStateInterval>;
