/** A recorder without a console, in a process of its own that tells how much it holds. Told what to do by IPC. */
import { systemClock } from '../../server/src/lib/clock.js';
import { errorMessage } from '../../server/src/lib/errors.js';
import { createLogger } from '../../server/src/lib/logger.js';
import { PairingCodeFile } from '../../server/src/recorder/pairing/pairing-code-file.js';
import { RecorderPairing } from '../../server/src/recorder/pairing/recorder-pairing.js';
import { createRecorderApp, type RecorderAppOptions } from '../../server/src/recorder/recorder.app.js';
import { measureHoldings, type Holdings } from './holdings.js';

export interface RecorderChildStart {
  kind: 'start';
  config: RecorderAppOptions['config'];
  /** Plain HTTP with this token; undefined: TLS, paired by a code. */
  token: string | undefined;
  onvifIntervalMs: number;
}
export type RecorderChildRequest = RecorderChildStart | { kind: 'measure' } | { kind: 'pairing-code' };
export type RecorderChildAnswer = { url: string } | { code: string } | { holdings: Holdings } | { error: string };

const send = (answer: RecorderChildAnswer) => process.send?.(answer);
let stop = () => Promise.resolve();
let dataDir = '';

async function answer(request: RecorderChildRequest): Promise<RecorderChildAnswer> {
  if (request.kind === 'measure') return { holdings: measureHoldings() };
  if (request.kind === 'pairing-code') return { code: await new PairingCodeFile(dataDir, systemClock).make() };
  const { config, token, onvifIntervalMs } = request;
  dataDir = config.DATA_DIR;
  const logger = createLogger(process.env.CHOI_CANH_LOG_LEVEL ?? 'error', 'recorder');
  const app = createRecorderApp({
    ...{ config, onvifIntervalMs, clock: systemClock, logger },
    access: token === undefined ? { pairing: await RecorderPairing.load(dataDir, systemClock, logger) } : { token },
    onVolumeLost: () => process.exit(74),
  });
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
