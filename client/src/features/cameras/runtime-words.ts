import type { CameraRuntime } from '@choi-canh/shared/recorder-api';
import { streamQuirks } from '@choi-canh/shared/recorder-facts';
import type { TFunction } from 'i18next';
import { formatDateTime, formatDuration, formatTime, startOfDay } from '../../lib/time.js';
import { soundName } from './sound-name.js';

const codecNames: Record<string, string> = { h264: 'H.264', h265: 'H.265', mjpeg: 'MJPEG', mpeg4: 'MPEG-4' };
export const codecName = (codec: string): string => codecNames[codec] ?? codec.toUpperCase();

/** "Lấy qua ffmpeg: camera gửi MJPEG" */
export function engineWords(t: TFunction, { engine, engineReason, codec }: CameraRuntime): string {
  if (engine === null) return t('cameras:runtime.engines.none');
  const plain = t(`cameras:runtime.engines.${engine}`);
  if (engineReason === null || engineReason === 'default') return plain;
  const key = engineReason === 'codec' && codec === null ? 'codecUnknown' : engineReason;
  return t([`cameras:runtime.engineReasons.${engine}_${key}`, `cameras:runtime.engines.${engine}`], {
    codec: codec === null ? '' : codecName(codec),
  });
}

/** `0,04 giây`, `12 giây`, `1 giờ 3 phút`: two figures that count, no more. */
export function spanWords(t: TFunction, language: string, ms: number): string {
  const size = Math.abs(ms);
  if (size >= 60_000) return formatDuration(size, language);
  const format = new Intl.NumberFormat(language, { maximumSignificantDigits: size < 10_000 ? 2 : 3 });
  return size < 1000
    ? t('cameras:runtime.milliseconds', { value: format.format(Math.round(size)) })
    : t('cameras:runtime.seconds', { value: format.format(size / 1000) });
}

/** From here on a measured clock is no longer "now". */
const oldClockMs = 5 * 60_000;

function offsetWords(t: TFunction, language: string, offsetMs: number): string {
  const offset = spanWords(t, language, offsetMs);
  if (Math.abs(offsetMs) < 1000) return t('cameras:runtime.clockRight', { offset });
  return t(offsetMs > 0 ? 'cameras:runtime.clockAhead' : 'cameras:runtime.clockBehind', { offset });
}

/**
 * How far the camera's clock is from the recorder's: under a second is as right as it can be set. Where that is not of
 * now, because the camera is away or nothing was measured for a while, with the time of the measurement.
 */
export function clockWords(
  t: TFunction,
  language: string,
  { clockOffsetMs, clockMeasuredAt, state }: Pick<CameraRuntime, 'clockOffsetMs' | 'clockMeasuredAt' | 'state'>,
  nowMs: number,
): string {
  if (clockOffsetMs === null) return t('cameras:runtime.clockUnknown');
  const offset = offsetWords(t, language, clockOffsetMs);
  if (clockMeasuredAt === null) return offset;
  const measuredMs = Date.parse(clockMeasuredAt);
  if (state !== 'down' && nowMs - measuredMs < oldClockMs) return offset;
  const isToday = startOfDay(measuredMs) === startOfDay(nowMs);
  const at = isToday ? formatTime(measuredMs, 'minute') : formatDateTime(measuredMs, 'minute');
  return t('cameras:runtime.clockMeasured', { clock: offset, at });
}

/** Where the time of its footage comes from, and how far it may be off. */
export function timeWords(
  t: TFunction,
  language: string,
  { timeSource, timeErrorMs }: Pick<CameraRuntime, 'timeSource' | 'timeErrorMs'>,
): string {
  if (timeSource === null) return t('cameras:runtime.timeUnknown');
  const source = t(timeSource === 'rtcp' ? 'cameras:runtime.timeRtcp' : 'cameras:runtime.timeArrival');
  if (timeErrorMs === null) return source;
  return `${source}, ${t('cameras:runtime.timeError', { error: spanWords(t, language, Math.max(1, Math.ceil(timeErrorMs))) })}`;
}

/** What either engine records. ffmpeg cannot put G.711 into the fragments of an MP4. */
const recordedSounds = { native: ['MPEG4-GENERIC', 'PCMA', 'PCMU'], ffmpeg: ['MPEG4-GENERIC'] };

/** Whether sound is recorded, of which kind it is, and why not where it was wanted. */
export function soundWords(t: TFunction, { audio, engine, sound }: CameraRuntime, wanted: boolean): string {
  const name = sound === null ? '' : soundName(sound);
  if (audio) return sound === null ? t('cameras:runtime.audioOn') : t('cameras:runtime.audioOnAs', { sound: name });
  if (!wanted || engine === null)
    return sound === null ? t('cameras:runtime.audioOff') : t('cameras:runtime.audioOffered', { sound: name });
  if (sound === null) return t('cameras:runtime.audioMissing');
  if (recordedSounds[engine].includes(sound)) return t('cameras:runtime.audioAwaited', { sound: name });
  const byOther = recordedSounds.native.includes(sound);
  return t(byOther ? 'cameras:runtime.audioNotByFfmpeg' : 'cameras:runtime.audioUnsupported', { sound: name });
}

/** What the camera does against the rules and is recorded all the same; empty where nothing is known of it. */
export const quirkWords = (t: TFunction, { quirks }: Pick<CameraRuntime, 'quirks'>): string[] =>
  streamQuirks.filter((quirk) => quirks.includes(quirk)).map((quirk) => t(`cameras:runtime.quirks.${quirk}`));
