import type { DeviceEventKind } from '@choi-canh/shared/device-events';
import { attribute, element, elements, textAt, type XmlElement } from './soap-xml.js';

/** An event as a device reported it (ONVIF Core, 9.4.2). */
export interface EventMessage {
  kind: DeviceEventKind;
  /** It began or ended; null: it happened. */
  active: boolean | null;
  /** The state when the subscription began, not a change. */
  isInitial: boolean;
  /** Token of the video source; empty where it names none. */
  sourceToken: string;
  /** Token of the video source configuration; empty where it names none. */
  configurationToken: string;
  /** The device's own UTC, ms; null where it states none. */
  deviceAtMs: number | null;
}

const maxMessages = 200;

/** Topics without namespaces (ONVIF Core, annex on topics; Analytics, annex A), the first that fits counts. */
const topics: readonly (readonly [RegExp, DeviceEventKind])[] = [
  [/(?:^|\/)(?:LineDetector|LineCounter|CrossLine\w*|LineCross\w*)(?:\/|$)/i, 'line_crossing'],
  [/Tamper|GlobalSceneChange|ImageTooBlurry|ImageTooDark|ImageTooBright/i, 'tamper'],
  [/^VideoSource\/MotionAlarm|(?:CellMotion|MotionRegion|Motion)Detector(?:\/|$)|\/Motion(?:Alarm)?$/i, 'motion'],
  [/^Device\/(?:Trigger\/(?:DigitalInput|Input)|IO\/\w*Input)/i, 'digital_input'],
  [/StorageFailure|^Device\/HardwareFailure\/(?:Storage|HardDisk|Disk)/i, 'storage_failure'],
];
const states = ['State', 'IsMotion', 'IsTamper', 'LogicalState', 'Failed', 'IsInside', 'Value', 'Active'];
const yes = /^(?:true|1|on|active|high)$/i;
const no = /^(?:false|0|off|inactive|low)$/i;

function kindOf(topic: string): DeviceEventKind | undefined {
  const plain = topic.replace(/(?:^|(?<=\/))[\w.-]+:/g, '').trim();
  return topics.find(([pattern]) => pattern.test(plain))?.[1];
}

const items = (of: XmlElement | undefined): Map<string, string> =>
  new Map(
    elements(of, 'SimpleItem')
      .slice(0, 32)
      .map((one) => [attribute(one, 'Name'), attribute(one, 'Value').slice(0, 128)]),
  );

/** An xs:dateTime in ms; without a zone it is UTC, as the element is named. Null for what is none. */
export function instantOf(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})?$/.test(text)) return null;
  const ms = Date.parse(/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`);
  return Number.isFinite(ms) ? ms : null;
}

/** The messages of a PullMessagesResponse with an event that is kept, at most 200; others are left out. */
export function readEvents(body: XmlElement): EventMessage[] {
  return elements(element(body, 'PullMessagesResponse'), 'NotificationMessage')
    .slice(0, maxMessages)
    .flatMap((notification): EventMessage[] => {
      const kind = kindOf(textAt(notification, 'Topic').slice(0, 300));
      const message = element(notification, 'Message', 'Message');
      const operation = attribute(message, 'PropertyOperation');
      if (kind === undefined || message === undefined || operation === 'Deleted') return [];
      const source = items(element(message, 'Source'));
      const data = items(element(message, 'Data'));
      const stated = states.map((name) => data.get(name)).find((value) => value !== undefined) ?? '';
      const named = (...names: string[]) =>
        names.map((name) => source.get(name)).find((value) => value !== undefined) ?? '';
      return [
        {
          kind,
          active: yes.test(stated) ? true : no.test(stated) ? false : null,
          isInitial: operation === 'Initialized',
          sourceToken: named('VideoSourceToken', 'VideoSource', 'Source'),
          configurationToken: named('VideoSourceConfigurationToken'),
          deviceAtMs: instantOf(attribute(message, 'UtcTime')),
        },
      ];
    });
}

/** When the device answered, by its own clock, ms; null where it states none. */
export const answeredAt = (body: XmlElement): number | null =>
  instantOf(textAt(body, 'PullMessagesResponse', 'CurrentTime'));

/** Source tokens of video source configurations, by a GetProfilesResponse of Media or Media2. */
export function sourcesByConfiguration(body: XmlElement): Map<string, string> {
  const found = new Map<string, string>();
  for (const profile of elements(element(body, 'GetProfilesResponse'), 'Profiles').slice(0, 512)) {
    const source = element(profile, 'VideoSourceConfiguration') ?? element(profile, 'Configurations', 'VideoSource');
    const token = attribute(source, 'token').slice(0, 128);
    const sourceToken = textAt(source, 'SourceToken').slice(0, 128);
    if (token !== '' && sourceToken !== '') found.set(token, sourceToken);
  }
  return found;
}
