import type { StreamFacts } from '@choi-canh/shared/cameras';
import type { RtspDevice } from '@choi-canh/shared/rtsp-cameras';
import { hideAccount, type AddressAccount } from '../../lib/address-account.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { rtspSourceToken } from '../../lib/rtsp-source-token.js';
import { openIfReadable, type SecretBox } from '../../lib/secret-box.js';
import type { Database } from '../../platform/db/database.js';
import type { CameraRow, ChannelRow } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';
import { passwordContext } from './device-password.js';

/** A device as it may be kept: what its addresses hold of its account is replaced. */
export function hiddenDevice(
  device: RtspDevice,
  account: AddressAccount,
): { device: RtspDevice; hasOtherPassword: boolean } {
  if (device.brand !== 'plain') return { device, hasOtherPassword: false };
  const main = hideAccount(device.mainUrl, account);
  const sub = device.subUrl === null ? null : hideAccount(device.subUrl, account);
  return {
    device: { ...device, mainUrl: main.address, subUrl: sub?.address ?? null },
    hasOtherPassword: main.hasOtherPassword || sub?.hasOtherPassword === true,
  };
}

type WithStreams = Pick<ChannelRow, 'mainStream' | 'subStream' | 'sourceToken'>;

/** What changes of a camera when the account leaves its addresses; empty: nothing. `account` as in `hideAccount`. */
export function withoutAccount(row: WithStreams, account: AddressAccount | null): Partial<WithStreams> {
  const hidden = (stream: StreamFacts | null): StreamFacts | null => {
    if (stream?.url === undefined) return stream;
    const url = hideAccount(stream.url, account).address;
    return url === stream.url ? stream : { ...stream, url };
  };
  const [mainStream, subStream] = [hidden(row.mainStream), hidden(row.subStream)];
  if (mainStream === row.mainStream && subStream === row.subStream) return {};
  const url = mainStream === row.mainStream ? undefined : mainStream?.url;
  return { mainStream, subStream, ...(url === undefined ? {} : { sourceToken: rtspSourceToken(url) }) };
}

export interface HiddenAccountsDeps {
  db: Database;
  repository: CamerasRepository;
  secretBox: SecretBox;
  logger: Logger;
}

/**
 * Takes the account out of the addresses that an earlier version stored. Cameras out of use have no password any more: what
 * their addresses call one is taken for it. Where only the recorder has the password, or it does not open, they stay.
 */
export async function hideStoredAccounts({ db, repository, secretBox, logger }: HiddenAccountsDeps): Promise<void> {
  try {
    const changes = (row: CameraRow) => {
      if (row.passwordBox === '') return row.retiredAt === null ? {} : withoutAccount(row, null);
      const password = openIfReadable(secretBox, row.passwordBox, passwordContext(row.deviceId));
      return password === undefined ? {} : withoutAccount(row, { username: row.username, password });
    };
    const found = (await repository.withAddresses(db.read)).filter((row) => Object.keys(changes(row)).length > 0);
    if (found.length === 0) return;
    const ids = new Set(found.map(({ id }) => id));
    await db.write(async (manager) => {
      // What is overwritten is not to be read in the file either.
      if (db.kind === 'sqlite') await manager.query('PRAGMA secure_delete = ON');
      for (const row of await repository.withAddresses(manager)) {
        if (ids.has(row.id)) await repository.update(manager, row.id, changes(row));
      }
    });
    logger.info({ cameras: found.length }, 'passwords were taken out of stored RTSP addresses');
  } catch (error) {
    // At the next start again.
    logger.error({ err: errorMessage(error) }, 'passwords could not be taken out of stored RTSP addresses');
  }
}
