import type { CameraHistoryResponse, CameraRetryResponse, CameraRuntimeResponse } from '@choi-canh/shared/cameras';
import type { DeviceEventsResponse } from '@choi-canh/shared/device-events';
import type {
  IdentifyResponse,
  RecorderDiscovery,
  StreamProbeRequest,
  StreamProbeResponse,
} from '@choi-canh/shared/recorder-api';
import type { Transaction } from '../../platform/db/database.js';

/** What cameras need of the history of states. */
export interface CameraHealth {
  began(manager: Transaction, cameraId: string, at: number): Promise<void>;
  retired(manager: Transaction, cameraId: string, at: number): Promise<void>;
  returned(manager: Transaction, cameraId: string, at: number): Promise<void>;
  history(cameraId: string, fromMs: number, toMs: number): Promise<CameraHistoryResponse>;
}

/** What cameras need of a recorder. */
export interface CameraRecorder {
  startDiscovery(ranges: string[], added: string[], signal?: AbortSignal): Promise<RecorderDiscovery>;
  discovery(id: string, signal?: AbortSignal): Promise<RecorderDiscovery>;
  /** `plainPassword`: it may go as it is (HTTP Basic), because a person typed it for this address. */
  identify(
    device: { deviceAddress: string; username: string; password: string; tlsKey?: string; plainPassword?: boolean },
    signal?: AbortSignal,
  ): Promise<IdentifyResponse>;
  /** A JPEG of a profile, made by the device. */
  snapshot(
    device: { deviceAddress: string; username: string; password: string; tlsKey?: string },
    profileToken: string,
    signal?: AbortSignal,
  ): Promise<Buffer>;
  /** The key that a device shows over https; nothing is sent to it. */
  tlsKey(deviceAddress: string, signal?: AbortSignal): Promise<string | null>;
  /** Events that the camera's device reported in [from, to), newest first. */
  deviceEvents(cameraId: string, from: string, to: string, signal?: AbortSignal): Promise<DeviceEventsResponse>;
  /** Tries an RTSP address; what fails of the stream is the answer's reason. */
  probeStream(stream: StreamProbeRequest, signal?: AbortSignal): Promise<StreamProbeResponse>;
  retryCamera(cameraId: string, signal?: AbortSignal): Promise<CameraRetryResponse>;
}
export interface CameraRecorders {
  /** @throws AppError not_found `recorder_not_found`. */
  clientOf(recorderId: string): CameraRecorder;
  /** Fails the transaction where the recorder was removed. @throws AppError not_found `recorder_not_found`. */
  require(recorderId: string, manager: Transaction): Promise<unknown>;
  /** These of its cameras have changed; without ids all may have. */
  markChanged(recorderId: string, cameraIds?: readonly string[]): void;
  /** IPv4 networks that it may search, in CIDR: its own, and what administrators added. */
  searchable(recorderId: string): Promise<{ own: string[]; added: string[] }>;
  /** Since when its cameras' states are only what was kept of before; undefined where it was heard. Unix milliseconds. */
  unheardSince(recorderId: string): number | undefined;
  runtimeOf(recorderId: string, cameraId: string): CameraRuntimeResponse;
}
