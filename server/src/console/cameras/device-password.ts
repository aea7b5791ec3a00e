/**
 * What a device's password is sealed with. The word is of the time when each camera was a device of its own: their devices
 * have the cameras' ids, and their passwords open as before.
 */
export const passwordContext = (deviceId: string): string => `camera:${deviceId}`;
