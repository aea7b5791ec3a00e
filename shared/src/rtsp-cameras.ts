import { z } from 'zod';
import { cameraResponse } from './cameras.js';
import { idSchema } from './common.js';
import { cameraReasonSchema } from './health.js';
import { streamProbeResponse } from './recorder-api.js';
import { maxRtspUrlLength, rtspUrlSchema } from './rtsp-address.js';
import { rtspBrands, rtspUrls, usualRtspPort, type RtspUrls } from './rtsp-templates.js';

/** A name or an IP address, without port. */
const hostSchema = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .regex(/^(?:[0-9a-z](?:[0-9a-z.-]*[0-9a-z])?|[0-9a-f]*:[0-9a-f:.]+)$/i);

/** A camera without ONVIF: by its brand, or by the addresses of its streams. */
export const rtspDevice = z.union([
  z.object({
    brand: z.literal('plain'),
    mainUrl: rtspUrlSchema,
    subUrl: rtspUrlSchema.nullable().default(null),
  }),
  z.object({
    brand: z.enum(rtspBrands).exclude(['plain']),
    host: hostSchema,
    port: z.int().min(1).max(65_535).default(usualRtspPort),
    /** From 1; of a camera with one picture 1. */
    channel: z.int().min(1).max(256).default(1),
  }),
]);
export type RtspDevice = z.infer<typeof rtspDevice>;
export type RtspDeviceInput = z.input<typeof rtspDevice>;

/** Addresses of its streams in the order in which they are tried. */
export function urlsOf(device: RtspDevice): RtspUrls[] {
  if (device.brand !== 'plain') return rtspUrls(device.brand, device);
  return [{ mainUrl: device.mainUrl, subUrl: device.subUrl }];
}

const account = { username: z.string().trim().min(1).max(80), password: z.string().min(1).max(200) };

export const rtspProbeRequest = z.object({ recorderId: idSchema, device: rtspDevice, ...account });
export type RtspProbeRequest = z.infer<typeof rtspProbeRequest>;
/** What came of the first addresses that answer, else of the first; `sub` null: there is none, or the main stream failed. */
export const rtspProbeResponse = z.object({
  mainUrl: z.string().max(maxRtspUrlLength),
  subUrl: z.string().max(maxRtspUrlLength).nullable(),
  main: streamProbeResponse,
  sub: streamProbeResponse.nullable(),
});
export type RtspProbeResponse = z.infer<typeof rtspProbeResponse>;

/**
 * Hosts, each with one account, that a person may have tried in ten minutes (the console counts over requests, too): more at
 * once are refused.
 */
export const maxTypedHosts = 100;

/** What is one try of an import: a host and port with one account, however many channels of it are added. */
export function hostsOf(cameras: readonly { device: RtspDevice; username: string; password: string }[]): number {
  const authority = (url: string) => /^(rtsps?):\/\/([^/?#]*)/i.exec(url)?.[0].toLowerCase() ?? url;
  return new Set(
    cameras.map(({ device, username, password }) =>
      JSON.stringify([authority(urlsOf(device)[0]?.mainUrl ?? ''), username, password]),
    ),
  ).size;
}

export const maxRtspCameras = 600;
/**
 * Adds cameras without ONVIF in the background. Each is tried first; one that gives no picture is not added. Cameras of one
 * host with one account are tried one after the other, and no more once the password was wrong: recorders lock it.
 */
export const rtspAddRequest = z.object({
  recorderId: idSchema,
  areaId: idSchema,
  cameras: z
    .array(
      z.object({
        device: rtspDevice,
        name: z.string().trim().max(120).default(''),
        place: z.string().trim().max(200).default(''),
        ...account,
      }),
    )
    .min(1)
    .max(maxRtspCameras),
});
export type RtspAddRequest = z.infer<typeof rtspAddRequest>;
export const rtspAddResult = z.object({
  /** Which of the request, from 0. */
  index: z.int().min(0),
  outcome: z.enum(['added', 'returned', 'already_there', 'recorder_full', 'failed']),
  /** Why it failed; `ok` where it did not. */
  reason: cameraReasonSchema,
  detail: z.string().max(300),
  tried: rtspProbeResponse.nullable(),
  camera: cameraResponse.nullable(),
});
export type RtspAddResult = z.infer<typeof rtspAddResult>;
export const rtspAddResponse = z.object({
  id: idSchema,
  state: z.enum(['running', 'done']),
  total: z.int(),
  results: z.array(rtspAddResult),
});
export type RtspAddResponse = z.infer<typeof rtspAddResponse>;
