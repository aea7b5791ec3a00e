import type { CameraHistoryResponse } from '@choi-canh/shared/cameras';
import type { RecorderCoverage } from '@choi-canh/shared/recorder-api';
import type { Response } from 'express';
import type { AreaScope } from '../../lib/actor.js';

export interface FootageRecorders {
  clientOf(recorderId: string): {
    coverage(cameraId: string, from: string, to: string, signal?: AbortSignal): Promise<RecorderCoverage>;
  };
  /** Whether it is known to be out of reach, and when it was heard last (Unix milliseconds; null: never). */
  reachOf(recorderId: string): { away: boolean; heardAt: number | null };
}
export interface FootageHistory {
  history(cameraId: string, fromMs: number, toMs: number): Promise<CameraHistoryResponse>;
}
export interface FootageIncidents {
  /** The incident's number. @throws AppError not_found where it is unknown or out of scope. */
  numberOf(scope: AreaScope, incidentId: string): Promise<string>;
}
export interface FootageMedia {
  forward(request: {
    recorderId: string;
    cameraId: string;
    path: string;
    query?: Record<string, string | number | undefined>;
    range?: string | undefined;
    cacheControl: string;
    response: Response;
    signal: AbortSignal;
  }): Promise<void>;
}
