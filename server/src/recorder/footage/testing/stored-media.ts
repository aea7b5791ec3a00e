import { deserialize, serialize } from 'node:v8';
import type { TestMedia } from './test-fragments.js';

/** Test media as a file, so that a process that is started often need not encode them. */
export const storeMedia = (media: TestMedia): Buffer => serialize(media);

export function reviveMedia(bytes: Buffer): TestMedia {
  const media = deserialize(bytes) as TestMedia;
  const buffer = (data: Uint8Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return {
    init: { ...media.init, bytes: buffer(media.init.bytes) },
    fragments: media.fragments.map((one) => ({ ...one, bytes: buffer(one.bytes) })),
  };
}
