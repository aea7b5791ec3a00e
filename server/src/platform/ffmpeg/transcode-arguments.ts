// How ffmpeg is told to make H.264 that every browser plays of fragmented MP4 on stdin: for viewing only, of at most
// 1280×720, every picture at exactly the media time that it has.

/** Largest picture that comes out. */
const largest = { width: 1280, height: 720 };

const fromMp4 = ['-hide_banner', '-loglevel', 'error', '-probesize', '5000', '-analyzeduration', '0'];
/** Timestamps are those of the input; pictures are neither doubled nor dropped to please a frame rate. */
const sameTimes = ['-fps_mode', 'passthrough', '-enc_time_base', '-1', '-avoid_negative_ts', 'disabled'];
// The comma inside min() is escaped for the filter graph's own grammar.
const scale = `scale=w=min(${largest.width}\\,iw):h=min(${largest.height}\\,ih):force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bilinear`;
/** The same parameter sets for the same size, whatever the pictures are. */
const encoder = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-level', '4.1'],
  ...['-crf', '25', '-threads', '1', '-force_key_frames', 'expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+2))'],
];
/** frag_discont: tfdt is absolute; without an edit list it is that of the first picture. */
const toMp4 = (timescale: number) => [
  ...['-video_track_timescale', String(timescale), '-f', 'mp4', '-use_editlist', '0'],
  ...['-movflags', '+empty_moov+default_base_moof+frag_discont', '-flush_packets', '1'],
];

/** Without end, in fragments of about `fragmentMs`. */
export function liveTranscodeArguments(options: { timescale: number; fragmentMs: number }): string[] {
  return [
    ...[...fromMp4, '-fpsprobesize', '0', '-copyts', '-f', 'mp4', '-threads', '2', '-i', 'pipe:0'],
    ...['-map', '0:v:0', '-vf', scale, ...encoder, ...sameTimes, ...toMp4(options.timescale)],
    ...['-frag_duration', String(options.fragmentMs * 1000), 'pipe:1'],
  ];
}

export interface TranscodedStretch {
  readonly timescale: number;
  /** Pictures shown in [fromTicks, toTicks) come out; what is before is only decoded. */
  readonly fromTicks: bigint;
  readonly toTicks: bigint;
  /** Every picture is a keyframe. */
  readonly allKeyframes?: boolean;
}

/** One stretch, in one fragment. */
export function stretchTranscodeArguments(stretch: TranscodedStretch): string[] {
  const trim = `trim=start_pts=${stretch.fromTicks}:end_pts=${stretch.toTicks}`;
  return [
    ...[...fromMp4, '-copyts', '-f', 'mp4', '-threads', '2', '-i', 'pipe:0'],
    ...['-map', '0:v:0', '-vf', `${trim},${scale}`, ...encoder],
    ...(stretch.allKeyframes === true ? ['-g', '1'] : []),
    ...[...sameTimes, ...toMp4(stretch.timescale), 'pipe:1'],
  ];
}
