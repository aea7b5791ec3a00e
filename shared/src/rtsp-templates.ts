export const rtspBrands = [
  'hikvision',
  'dahua',
  'ezviz',
  'uniview',
  'tiandy',
  'tapo',
  'yoosee',
  'vivotek',
  'axis',
  'xiongmai',
  'plain',
] as const;
export type RtspBrand = (typeof rtspBrands)[number];

export interface RtspPaths {
  main: string;
  /** Null: it has one stream. */
  sub: string | null;
}

/**
 * Where the cameras of a brand have their streams; `{n}` in a path is the channel, from 1. `{username}` and `{password}` stay:
 * only what connects fills them in.
 */
export interface RtspTemplate {
  brand: RtspBrand;
  /** As people know it; empty: none. */
  name: string;
  /** Of its models, the usual one first. */
  paths: readonly RtspPaths[];
  /** Models of this brand keep their streams closed, for good or until they are switched on in the maker's app. */
  mayBeClosed: boolean;
}

export const usualRtspPort = 554;

/** `plain` has no paths: a person types whole addresses. */
export const rtspTemplates: readonly RtspTemplate[] = [
  {
    ...{ brand: 'hikvision', name: 'Hikvision', mayBeClosed: false },
    paths: [
      { main: '/Streaming/Channels/{n}01', sub: '/Streaming/Channels/{n}02' },
      { main: '/h264/ch{n}/main/av_stream', sub: '/h264/ch{n}/sub/av_stream' },
    ],
  },
  {
    ...{ brand: 'dahua', name: 'Dahua, Imou, KBVision', mayBeClosed: true },
    paths: [{ main: '/cam/realmonitor?channel={n}&subtype=0', sub: '/cam/realmonitor?channel={n}&subtype=1' }],
  },
  {
    ...{ brand: 'ezviz', name: 'Ezviz', mayBeClosed: true },
    paths: [
      { main: '/h264/ch{n}/main/av_stream', sub: '/h264/ch{n}/sub/av_stream' },
      { main: '/Streaming/Channels/{n}01', sub: '/Streaming/Channels/{n}02' },
    ],
  },
  {
    ...{ brand: 'uniview', name: 'Uniview', mayBeClosed: false },
    paths: [
      { main: '/unicast/c{n}/s0/live', sub: '/unicast/c{n}/s1/live' },
      { main: '/media/video1', sub: '/media/video2' },
    ],
  },
  { brand: 'tiandy', name: 'Tiandy', mayBeClosed: false, paths: [{ main: '/{n}/1', sub: '/{n}/2' }] },
  { brand: 'tapo', name: 'Tapo', mayBeClosed: true, paths: [{ main: '/stream1', sub: '/stream2' }] },
  { brand: 'yoosee', name: 'Yoosee', mayBeClosed: true, paths: [{ main: '/onvif1', sub: '/onvif2' }] },
  {
    ...{ brand: 'vivotek', name: 'Vivotek', mayBeClosed: false },
    paths: [
      { main: '/live{n}s1.sdp', sub: '/live{n}s2.sdp' },
      { main: '/live.sdp', sub: '/live2.sdp' },
    ],
  },
  {
    ...{ brand: 'axis', name: 'Axis', mayBeClosed: false },
    paths: [
      {
        main: '/axis-media/media.amp?camera={n}&videocodec=h264',
        sub: '/axis-media/media.amp?camera={n}&videocodec=h264&resolution=640x360',
      },
    ],
  },
  {
    ...{ brand: 'xiongmai', name: 'Xiongmai (XM)', mayBeClosed: false },
    paths: [
      {
        main: '/user={username}&password={password}&channel={n}&stream=0.sdp',
        sub: '/user={username}&password={password}&channel={n}&stream=1.sdp',
      },
      {
        main: '/user={username}_password={password}_channel={n}_stream=0.sdp',
        sub: '/user={username}_password={password}_channel={n}_stream=1.sdp',
      },
    ],
  },
  { brand: 'plain', name: '', mayBeClosed: false, paths: [] },
];

export const rtspTemplate = (brand: RtspBrand): RtspTemplate =>
  rtspTemplates.find((one) => one.brand === brand) ?? { brand, name: '', paths: [], mayBeClosed: false };

/** Whether a device of this brand has several channels, so that the number is asked. */
export const asksForChannel = (brand: RtspBrand): boolean =>
  rtspTemplate(brand).paths.some(({ main }) => main.includes('{n}'));

export interface RtspUrls {
  mainUrl: string;
  subUrl: string | null;
}

/** Addresses of a device's streams, in the order in which they are tried. `host`: a name or IP address. */
export function rtspUrls(
  brand: RtspBrand,
  { host, port = usualRtspPort, channel }: { host: string; port?: number | undefined; channel: number },
): RtspUrls[] {
  const authority = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
  const at = (path: string) => `rtsp://${authority}${path.replaceAll('{n}', String(channel))}`;
  return rtspTemplate(brand).paths.map(({ main, sub }) => ({
    mainUrl: at(main),
    subUrl: sub === null ? null : at(sub),
  }));
}
