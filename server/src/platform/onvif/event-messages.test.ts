import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answeredAt, instantOf, readEvents, sourcesByConfiguration } from './event-messages.js';
import { parseEnvelope } from './soap-xml.js';

const pulled = (messages: string) =>
  parseEnvelope(
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><tev:PullMessagesResponse>' +
      `<tev:CurrentTime>2026-11-29T10:00:05Z</tev:CurrentTime>${messages}</tev:PullMessagesResponse></s:Body></s:Envelope>`,
  ).body;
interface Given {
  topic: string;
  source?: [string, string][];
  data?: [string, string][];
  operation?: string;
  at?: string;
}
const items = (list: [string, string][]) =>
  list.map(([name, value]) => `<tt:SimpleItem Name="${name}" Value="${value}"/>`).join('');
const message = ({ topic, source = [], data = [], operation, at = '2026-11-29T10:00:00Z' }: Given) =>
  `<wsnt:NotificationMessage><wsnt:Topic Dialect="x"> ${topic} </wsnt:Topic><wsnt:Message><tt:Message UtcTime="${at}"` +
  `${operation === undefined ? '' : ` PropertyOperation="${operation}"`}><tt:Source>${items(source)}</tt:Source>` +
  `<tt:Data>${items(data)}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;
const read = (given: Given) => readEvents(pulled(message(given)))[0];

describe('events of devices', () => {
  it.each<[string, string, [string, string], boolean | null]>([
    ['tns1:RuleEngine/CellMotionDetector/Motion', 'motion', ['IsMotion', 'true'], true],
    ['tns1:RuleEngine/tns1:MotionRegionDetector/tns1:Motion', 'motion', ['State', '1'], true],
    ['tns1:VideoSource/MotionAlarm', 'motion', ['State', 'false'], false],
    ['tns1:VideoSource/GlobalSceneChange/ImagingService', 'tamper', ['State', 'true'], true],
    ['tns1:RuleEngine/TamperDetector/Tamper', 'tamper', ['IsTamper', 'false'], false],
    ['tns1:VideoSource/ImageTooDark/AnalyticsService', 'tamper', ['State', 'true'], true],
    ['tns1:RuleEngine/LineDetector/Crossed', 'line_crossing', ['ObjectId', '7'], null],
    ['tns1:Device/Trigger/DigitalInput', 'digital_input', ['LogicalState', 'true'], true],
    ['tns1:Device/HardwareFailure/StorageFailure', 'storage_failure', ['Failed', 'TRUE'], true],
  ])('%s is %s', (topic, kind, data, active) => {
    expect(read({ topic, data: [data], operation: 'Changed' })).toMatchObject({ kind, active, isInitial: false });
  });

  it.each([
    'tns1:Device/OperationMode/ShutdownInitiated',
    'tns1:Monitoring/ProcessorUsage',
    'tns1:RuleEngine/FieldDetector/ObjectsInside',
    '',
  ])('%s is nothing that is kept', (topic) => {
    expect(read({ topic })).toBeUndefined();
  });

  it('name their video source, and when they were', () => {
    const source: [string, string][] = [
      ['VideoSourceConfigurationToken', 'VSC_1'],
      ['Rule', 'MyRule'],
    ];
    const motion = { topic: 'tns1:RuleEngine/CellMotionDetector/Motion', source };
    expect(read({ ...motion, operation: 'Initialized' })).toEqual({
      ...{ kind: 'motion', active: null, isInitial: true, sourceToken: '', configurationToken: 'VSC_1' },
      deviceAtMs: Date.UTC(2026, 10, 29, 10),
    });
    expect(read({ ...motion, source: [['VideoSourceToken', 'VS1']] })).toMatchObject({ sourceToken: 'VS1' });
    expect(read({ ...motion, operation: 'Deleted' })).toBeUndefined();
    expect(read({ ...motion, at: 'yesterday' })?.deviceAtMs).toBeNull();
    expect(answeredAt(pulled(''))).toBe(Date.UTC(2026, 10, 29, 10, 0, 5));
    expect(readEvents(pulled(message(motion).repeat(300)))).toHaveLength(200);
  });

  it.each([
    ['2026-11-29T10:00:00Z', Date.UTC(2026, 10, 29, 10)],
    ['2026-11-29T17:00:00.5+07:00', Date.UTC(2026, 10, 29, 10, 0, 0, 500)],
    ['2026-11-29T10:00:00', Date.UTC(2026, 10, 29, 10)],
    ['29/11/2026', null],
    ['', null],
  ])('%s is an instant, or none', (text, ms) => {
    expect(instantOf(text)).toBe(ms);
  });

  it('sources are known by their configurations', () => {
    const profile = (token: string, source: string) =>
      `<trt:Profiles token="p"><tt:VideoSourceConfiguration token="${token}"><tt:SourceToken>${source}</tt:SourceToken>` +
      '</tt:VideoSourceConfiguration></trt:Profiles>';
    const { body } = parseEnvelope(
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><trt:GetProfilesResponse>' +
        `${profile('C1', 'S1')}${profile('C2', 'S2')}${profile('', 'S3')}</trt:GetProfilesResponse></s:Body></s:Envelope>`,
    );
    expect([...sourcesByConfiguration(body)]).toEqual([
      ['C1', 'S1'],
      ['C2', 'S2'],
    ]);
  });

  it('of any text are read or left out', () => {
    const text = fc.string({ maxLength: 60 }).map((one) => one.replace(/[<&"]/g, ''));
    fc.assert(
      fc.property(text, text, text, text, (topic, name, value, at) => {
        for (const event of readEvents(pulled(message({ topic, source: [[name, value]], data: [[name, value]], at }))))
          expect(event.deviceAtMs === null || Number.isFinite(event.deviceAtMs)).toBe(true);
      }),
    );
  });
});
