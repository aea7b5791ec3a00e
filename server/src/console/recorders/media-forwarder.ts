import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { RecorderClient } from './recorder-client.js';

export interface MediaRequest {
  recorderId: string;
  cameraId: string;
  /** Below the camera's folder of the recorder API; made of checked pieces only. */
  path: string;
  query?: Record<string, string | number | undefined>;
  range?: string | undefined;
  cacheControl: string;
  response: Response;
  /** Aborts when the viewer goes away or its session ends. */
  signal: AbortSignal;
  /** Runs once the recorder has answered, before a byte goes on; where it fails none does. */
  opened?: () => Promise<void>;
}

const passedHeaders = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'x-picture-at'];

/**
 * Hands a recorder's media to a browser as it comes, without keeping it. Both sides are bound to each other: a viewer
 * who leaves ends the recorder's answer, a recorder that breaks off breaks off the viewer's, so that no truncated
 * segment looks whole.
 */
export class MediaForwarder {
  readonly #clientOf: (recorderId: string) => RecorderClient;
  readonly #logger: Logger;

  constructor(clientOf: (recorderId: string) => RecorderClient, logger: Logger) {
    this.#clientOf = clientOf;
    this.#logger = logger;
  }

  /** A recorder's live streams in one answer, chunk by chunk. @throws AppError unavailable `recorder_unreachable` */
  liveStreams(
    recorderId: string,
    query: { streams: string; plays?: string | undefined },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    return this.#clientOf(recorderId).liveStreams(query, signal);
  }

  /** @throws AppError as the recorder says it, or unavailable `recorder_unreachable`, before a byte was sent. */
  async forward(request: MediaRequest): Promise<void> {
    const { response, signal } = request;
    let answer: IncomingMessage;
    try {
      answer = await this.#clientOf(request.recorderId).media(request.cameraId, request.path, {
        ...(request.query === undefined ? {} : { query: request.query }),
        range: request.range,
        signal,
      });
    } catch (error) {
      if (signal.aborted) {
        response.destroy();
        return;
      }
      throw error;
    }
    try {
      await request.opened?.();
    } catch (error) {
      answer.destroy();
      throw error;
    }
    response.status(answer.statusCode ?? 502);
    response.setHeader('cache-control', answer.statusCode === 416 ? 'no-store' : request.cacheControl);
    for (const name of passedHeaders) {
      const value = answer.headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    try {
      await pipeline(answer, response);
    } catch (error) {
      response.destroy();
      if (!signal.aborted) {
        this.#logger.debug({ cameraId: request.cameraId, err: errorMessage(error) }, 'media broke off');
      }
    }
  }
}
