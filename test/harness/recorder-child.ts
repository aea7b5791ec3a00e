/** A recorder without a console, in a process of its own that tells how much it holds. Told what to do by IPC. */
import { readdirSync } from 'node:fs';
import { systemClock } from '../../server/src/lib/clock.js';
import { errorMessage } from '../../server/src/lib/errors.js';
import { createLogger } from '../../server/src/lib/logger.js';
import { createRecorderApp, type RecorderAppOptions } from '../../server/src/recorder/recorder.app.js';

export interface RecorderChildStart {
  kind: 'start';
  config: RecorderAppOptions['config'];
  token: string;
  onvifIntervalMs: number;
}
export type RecorderChildRequest = RecorderChildStart | { kind: 'measure' };
/** After collection of garbage. */
export interface RecorderHoldings {
  fileHandles: number;
  heapBytes: number;
  /** Buffers outside the heap. */
  bufferBytes: number;
  residentBytes: number;
}
export type RecorderChildAnswer = { url: string } | { holdings: RecorderHoldings } | { error: string };

const send = (answer: RecorderChildAnswer) => process.send?.(answer);
let stop = () => Promise.resolve();

function measure(): RecorderHoldings {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('started without --expose-gc');
  collect();
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return {
    fileHandles: readdirSync('/proc/self/fd').length,
    heapBytes: heapUsed,
    bufferBytes: arrayBuffers,
    residentBytes: rss,
  };
}

async function answer(request: RecorderChildRequest): Promise<RecorderChildAnswer> {
  if (request.kind === 'measure') return { holdings: measure() };
  const { config, token, onvifIntervalMs } = request;
  const logger = createLogger(process.env.CHOI_CANH_LOG_LEVEL ?? 'error', 'recorder');
  const app = createRecorderApp({ config, token, onvifIntervalMs, clock: systemClock, logger });
  stop = () => app.stop();
  return app.start();
}

process.on('message', (request: RecorderChildRequest) => {
  answer(request).then(send, (error: unknown) => send({ error: errorMessage(error) }));
});
process.once('SIGTERM', () => {
  stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.once('disconnect', () => process.exit(1));
