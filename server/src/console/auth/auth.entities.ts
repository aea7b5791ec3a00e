import { accountEntity } from './account.entity.js';
import { knownDeviceEntity } from './known-device.entity.js';
import { sessionEntity } from './session.entity.js';
import { setupTokenEntity } from './setup-token.entity.js';
import { signInThrottleEntity } from './sign-in-throttle.entity.js';

export const authEntities = [accountEntity, sessionEntity, setupTokenEntity, signInThrottleEntity, knownDeviceEntity];
