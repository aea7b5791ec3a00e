import { systemClock } from '../lib/clock.js';
import { errorMessage } from '../lib/errors.js';
import { createLogger } from '../lib/logger.js';
import { createRecorderApp, type RecorderAppOptions } from './recorder.app.js';

/** A recorder in a process of its own, so that a test can kill it. What it is told comes by IPC, as in the product. */
export interface HarnessStart {
  config: RecorderAppOptions['config'];
  token: string;
  onvifIntervalMs: number;
}
export type HarnessAnswer = { url: string } | { error: string };

process.once('message', (message: HarnessStart) => {
  const { token, ...rest } = message;
  const app = createRecorderApp({
    ...rest,
    access: { token },
    onVolumeLost: () => process.exit(74),
    clock: systemClock,
    logger: createLogger(process.env.CHOI_CANH_LOG_LEVEL ?? 'error', 'recorder'),
  });
  process.once('SIGTERM', () => {
    app.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  app.start().then(
    (ready) => process.send?.(ready satisfies HarnessAnswer),
    (error: unknown) => process.send?.({ error: errorMessage(error) } satisfies HarnessAnswer),
  );
});
