// What the foreign server is asked to serve, and what is expected of each.

export interface ForeignCase {
  readonly name: string;
  readonly launch: string;
  readonly server?: 'basic' | 'digest' | 'secure';
  readonly udpOnly?: boolean;
  /** It runs before anybody looks: it is joined in the midst of a group, and the next one takes long. */
  readonly isRunning?: boolean;
  readonly engine?: 'ffmpeg';
  /** The sample entry of its sound, as mediainfo names it; default: none is recorded. */
  readonly sound?: string;
  /** Sample entry. */
  readonly entry?: string;
  /** Of the picture as it is coded, and wide as it is shown. */
  readonly size?: readonly [width: number, height: number, shownWidth: number];
  /** So many are recorded at least; ten a second. */
  readonly pictures?: number;
  /** Decoding can begin at so many places at least. */
  readonly groups?: number;
  /** Pictures at the beginning of a file that no decoder shows: of the refresh, or shown before its first one. */
  readonly hidden?: number;
  /** Of a viewer who comes in the midst, where that is more: those before the first one refer to what was not received. */
  readonly hiddenLive?: number;
}

const size = 'width=160,height=96';
const source = (caps = size) =>
  `videotestsrc is-live=true pattern=ball ! video/x-raw,${caps},framerate=10/1,format=I420`;
interface Encoding {
  readonly group?: number;
  /** Properties of the element; GStreamer sets these over the encoder's own options. */
  readonly more?: string;
  readonly options?: string;
  readonly caps?: string;
  readonly pay?: string;
  readonly profile?: string;
}
const h264 = ({ group = 10, more = '', options = '', caps = size, pay = 'pay0', profile = 'high' }: Encoding = {}) =>
  `${source(caps)} ! x264enc speed-preset=ultrafast threads=1 key-int-max=${group} ${more} option-string="scenecut=0${options}"` +
  ` ! video/x-h264,profile=${profile} ! rtph264pay name=${pay} pt=96`;
const h265 = ({ group = 10, options = '' }: Encoding) =>
  `${source()} ! x265enc speed-preset=ultrafast key-int-max=${group} option-string="scenecut=0:pools=none:frame-threads=1${options}"` +
  ' ! rtph265pay name=pay0 pt=96';
/** No parameter sets in the session description: those in band, before each keyframe, are all there are. */
const inBandAlone =
  ' config-interval=-1 ! capssetter replace=true name=pay0' +
  ' caps="application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,payload=96"';
const inBand = h264({ group: 20, pay: 'inner' }) + inBandAlone;
/** What it holds nobody reads: it must be left alone. */
const metadata =
  'videotestsrc is-live=true ! video/x-raw,width=16,height=16,framerate=2/1 ! rtpgstpay pt=107' +
  ' ! capssetter replace=true name=pay1' +
  ' caps="application/x-rtp,media=application,clock-rate=90000,encoding-name=VND.ONVIF.METADATA,payload=107"';
const tone = 'audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1';
const aac = 'audiotestsrc is-live=true ! audio/x-raw,rate=16000,channels=1 ! avenc_aac ! rtpmp4gpay';

export const foreignCases: readonly ForeignCase[] = [
  {
    name: 'open groups with B-pictures',
    launch: h264({ group: 12, more: 'bframes=3 b-adapt=false', options: ':min-keyint=12:open-gop=1' }),
    hidden: 3,
  },
  { name: 'a refresh piece by piece', launch: h264({ group: 20, more: 'intra-refresh=true' }), hidden: 20 },
  {
    name: 'H.265 with open groups',
    launch: h265({ group: 12, options: ':min-keyint=12:bframes=3:b-adapt=0:open-gop=1' }),
    entry: 'hvc1',
    hiddenLive: 3,
  },
  { name: 'a group of ten seconds', launch: h264({ group: 100 }), groups: 1 },
  { name: 'a group of a minute', launch: h264({ group: 600 }), groups: 1 },
  { name: 'interlaced', launch: h264({ more: 'interlaced=true', profile: 'main' }) },
  {
    name: '704x576 with samples of 16:11',
    launch: h264({ caps: 'width=704,height=576,pixel-aspect-ratio=16/11' }),
    size: [704, 576, 1024],
  },
  { name: 'full range', launch: h264({ options: ':fullrange=on' }) },
  { name: 'cropped', launch: h264({ caps: 'width=202,height=114' }), size: [202, 114, 202] },
  {
    name: 'several slices with delimiters and filler',
    launch: h264({
      more: 'bitrate=300 aud=true',
      options: ':slices=4:nal-hrd=cbr:vbv-maxrate=300:vbv-bufsize=300',
    }),
  },
  { name: 'G.711 beside it', launch: `${h264()} ${tone} ! alawenc ! rtppcmapay name=pay1 pt=8`, sound: 'alaw' },
  { name: 'AAC beside it', launch: `${h264()} ${aac} name=pay1 pt=97`, sound: 'mp4a-40-2' },
  {
    name: 'sound first',
    launch: `${tone} ! mulawenc ! rtppcmupay name=pay0 pt=0 ${h264({ pay: 'pay1' })}`,
    sound: 'ulaw',
  },
  { name: 'parameter sets in band alone', launch: inBand },
  { name: 'metadata beside it', launch: `${h264()} ${metadata}` },
  { name: 'Basic', launch: h264(), server: 'basic' },
  { name: 'Digest', launch: h264(), server: 'digest' },
  { name: 'UDP only', launch: h264({ more: 'bframes=0' }), udpOnly: true, engine: 'ffmpeg' },
  {
    name: 'UDP only, parameter sets in band alone, metadata beside it',
    launch: `${inBand} ${metadata}`,
    ...{ udpOnly: true, engine: 'ffmpeg' },
  },
  {
    name: 'UDP only, a long group joined in its midst',
    launch: h264({ group: 250, more: 'tune=zerolatency', pay: 'inner' }),
    ...{ udpOnly: true, engine: 'ffmpeg', isRunning: true, groups: 1, pictures: 60 },
  },
  { name: 'RTSP over TLS', launch: h264(), server: 'secure' },
];
