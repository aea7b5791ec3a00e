import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.js';
import type { Clock } from './lib/clock.js';
import { AppError, errorMessage } from './lib/errors.js';
import type { Logger } from './lib/logger.js';
import { loadKeyFile } from './platform/objects/private-file.js';
import { createRecorderProcess, type RecorderProcess } from './recorder-process.js';

/** The keys of the recorder that a console starts beside itself, and its process. @throws AppError */
export async function startEmbeddedRecorder(deps: {
  config: Config;
  clock: Clock;
  logger: Logger;
  /** Told each time it is ready: it may listen elsewhere after a restart. */
  register(recorder: { url: string; token: string }): Promise<void>;
}): Promise<RecorderProcess> {
  const { config, clock, logger } = deps;
  const token = await recorderToken(config);
  const recorder = createRecorderProcess({
    token,
    stateKey: await recorderStateKey(config),
    onReady: (url) => deps.register({ url, token }),
    clock,
    logger,
  });
  recorder.start();
  return recorder;
}

/** What a console must show to this recorder. */
export async function recorderToken(config: Config): Promise<string> {
  if (config.RECORDER_TOKEN_FILE === undefined) {
    return (await loadKeyFile(join(config.DATA_DIR, 'keys', 'recorder-token'))).toString('hex');
  }
  let token: string;
  try {
    token = (await readFile(config.RECORDER_TOKEN_FILE, 'utf8')).trim();
  } catch (error) {
    throw new AppError('precondition', 'bad_key_file', `cannot read the recorder token: ${errorMessage(error)}`);
  }
  if (token.length < 20) {
    throw new AppError('precondition', 'bad_key_file', 'the recorder token must have at least 20 characters');
  }
  return token;
}

/** Encrypts what the recorder keeps about its cameras. */
export function recorderStateKey(config: Config): Promise<Buffer> {
  return loadKeyFile(join(config.DATA_DIR, 'keys', 'recorder-state.key'));
}
