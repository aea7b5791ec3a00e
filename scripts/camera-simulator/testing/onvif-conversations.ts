import { deviceEventKinds } from '@choi-canh/shared/device-events';
import type { SimulatedCamera, Simulator, SimulatorOptions } from '../simulator.js';
import { callOnvif, type OnvifCall } from './onvif-client.js';

/** One answer of a camera, and what is kept of it as a golden. */
export interface Conversation {
  /** `<brand>/<operation>.xml` */
  readonly path: string;
  readonly answer: string;
  /** Without what differs from run to run: ports and the time. */
  readonly golden: string;
}

/** Of the fleet that is asked: the first eleven are one of each brand. */
export const conversationFleet = {
  cameras: 15,
  network: '127.81.0.0',
  kinds: {
    12: { codec: 'h265' },
    13: { codec: 'mjpeg' },
    14: { codec: 'mpeg4' },
    15: { events: true },
  },
} as const satisfies SimulatorOptions;

interface Question {
  readonly name: string;
  readonly service: 'tds' | 'trt' | 'tr2';
  readonly operation: string;
  parameters?(tokens: { main: string; sub: string }): string;
  readonly anonymous?: boolean;
}

const profileToken = (token: string): string => `<trt:ProfileToken>${token}</trt:ProfileToken>`;
const profile2Token = (token: string): string => `<tr2:ProfileToken>${token}</tr2:ProfileToken>`;
const streamSetup =
  '<trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>' +
  '</trt:StreamSetup>';

const questions: readonly Question[] = [
  { name: 'GetSystemDateAndTime', service: 'tds', operation: 'GetSystemDateAndTime', anonymous: true },
  { name: 'GetDeviceInformation', service: 'tds', operation: 'GetDeviceInformation' },
  {
    name: 'GetCapabilities',
    service: 'tds',
    operation: 'GetCapabilities',
    parameters: () => '<tds:Category>All</tds:Category>',
  },
  {
    name: 'GetCapabilities-PTZ',
    service: 'tds',
    operation: 'GetCapabilities',
    parameters: () => '<tds:Category>PTZ</tds:Category>',
  },
  {
    name: 'GetServices',
    service: 'tds',
    operation: 'GetServices',
    parameters: () => '<tds:IncludeCapability>true</tds:IncludeCapability>',
  },
  { name: 'GetServiceCapabilities', service: 'tds', operation: 'GetServiceCapabilities' },
  { name: 'GetScopes', service: 'tds', operation: 'GetScopes' },
  { name: 'GetHostname', service: 'tds', operation: 'GetHostname', anonymous: true },
  { name: 'GetNetworkInterfaces', service: 'tds', operation: 'GetNetworkInterfaces' },
  { name: 'GetUsers', service: 'tds', operation: 'GetUsers' },
  { name: 'GetDeviceInformation-anonymous', service: 'tds', operation: 'GetDeviceInformation', anonymous: true },
  { name: 'Media-GetServiceCapabilities', service: 'trt', operation: 'GetServiceCapabilities' },
  { name: 'GetProfiles', service: 'trt', operation: 'GetProfiles' },
  { name: 'GetProfile', service: 'trt', operation: 'GetProfile', parameters: ({ sub }) => profileToken(sub) },
  { name: 'GetProfile-unknown', service: 'trt', operation: 'GetProfile', parameters: () => profileToken('none') },
  { name: 'GetVideoSources', service: 'trt', operation: 'GetVideoSources' },
  {
    name: 'GetVideoEncoderConfiguration',
    service: 'trt',
    operation: 'GetVideoEncoderConfiguration',
    parameters: ({ main }) => `<trt:ConfigurationToken>VideoEncoder_${main}</trt:ConfigurationToken>`,
  },
  { name: 'GetVideoEncoderConfigurations', service: 'trt', operation: 'GetVideoEncoderConfigurations' },
  {
    name: 'GetStreamUri-main',
    service: 'trt',
    operation: 'GetStreamUri',
    parameters: ({ main }) => streamSetup + profileToken(main),
  },
  {
    name: 'GetStreamUri-sub',
    service: 'trt',
    operation: 'GetStreamUri',
    parameters: ({ sub }) => streamSetup + profileToken(sub),
  },
  { name: 'GetSnapshotUri', service: 'trt', operation: 'GetSnapshotUri', parameters: ({ main }) => profileToken(main) },
  {
    name: 'SetSynchronizationPoint',
    service: 'trt',
    operation: 'SetSynchronizationPoint',
    parameters: ({ main }) => profileToken(main),
  },
  { name: 'Media2-GetServiceCapabilities', service: 'tr2', operation: 'GetServiceCapabilities' },
  {
    name: 'Media2-GetProfiles',
    service: 'tr2',
    operation: 'GetProfiles',
    parameters: () => '<tr2:Type>All</tr2:Type>',
  },
  {
    name: 'Media2-GetVideoEncoderConfigurations',
    service: 'tr2',
    operation: 'GetVideoEncoderConfigurations',
  },
  {
    name: 'Media2-GetStreamUri',
    service: 'tr2',
    operation: 'GetStreamUri',
    parameters: ({ main }) => '<tr2:Protocol>RTSP</tr2:Protocol>' + profile2Token(main),
  },
  {
    name: 'Media2-GetSnapshotUri',
    service: 'tr2',
    operation: 'GetSnapshotUri',
    parameters: ({ main }) => profile2Token(main),
  },
  {
    name: 'Media2-SetSynchronizationPoint',
    service: 'tr2',
    operation: 'SetSynchronizationPoint',
    parameters: ({ main }) => profile2Token(main),
  },
];

/** Some cameras are not asked about as their brand, but as the codec they have. */
const subjectOf = ({ kind, manufacturer }: SimulatedCamera): string =>
  kind.codec === 'h264' ? manufacturer.toLowerCase() : kind.codec;

/** Asks one camera of each brand everything, and one of each codec other than H.264. */
export async function converse(simulator: Simulator): Promise<Conversation[]> {
  const conversations: Conversation[] = [];
  const asked = new Set<string>();
  for (const camera of simulator.cameras) {
    const subject = subjectOf(camera);
    if (camera.kind.events) conversations.push(...(await eventsOf(simulator, camera)));
    if (asked.has(subject)) continue;
    asked.add(subject);
    const addresses = await serviceAddresses(camera);
    const auth = await wayIn(camera);
    const tokens = await profileTokens(addresses.trt, auth);
    for (const question of questions) {
      const url = addresses[question.service];
      if (url === undefined) continue;
      const call: OnvifCall = {
        url,
        service: question.service,
        operation: question.operation,
        parameters: question.parameters?.(tokens) ?? '',
        ...(question.anonymous ? {} : { auth }),
      };
      const answer = (await callOnvif(call)).text;
      const path = `${subject}/${question.name}.xml`;
      conversations.push({ path, answer, golden: goldenOf(answer, camera) });
    }
  }
  return conversations;
}

/** A subscription with an event of each kind. */
async function eventsOf(simulator: Simulator, camera: SimulatedCamera): Promise<Conversation[]> {
  const auth = await wayIn(camera);
  const listed = await callOnvif({
    ...{ url: camera.deviceAddress, service: 'tds', operation: 'GetServices', auth },
    parameters: '<tds:IncludeCapability>true</tds:IncludeCapability>',
  });
  const url = /events\/wsdl<\/tds:Namespace><tds:XAddr>([^<]*)</.exec(listed.text)?.[1] ?? '';
  const created = await callOnvif({ url, service: 'tev', operation: 'CreatePullPointSubscription', auth });
  const header = /<sim:SubscriptionId.*?<\/sim:SubscriptionId>/.exec(created.text)?.[0] ?? '';
  for (const kind of deviceEventKinds) simulator.emitEvent(camera.number, { kind, active: true });
  const parameters = '<tev:Timeout>PT1S</tev:Timeout><tev:MessageLimit>10</tev:MessageLimit>';
  const pulled = await callOnvif({ url, service: 'tev', operation: 'PullMessages', parameters, header, auth });
  const answers = { GetServices: listed, CreatePullPointSubscription: created, PullMessages: pulled };
  return Object.entries(answers).map(([name, { text }]) => ({
    ...{ path: `events/${name}.xml`, answer: text, golden: goldenOf(text, camera) },
  }));
}

async function serviceAddresses(camera: SimulatedCamera): Promise<{ tds: string; trt: string; tr2?: string }> {
  const url = camera.deviceAddress;
  const { text } = await callOnvif({ url, service: 'tds', operation: 'GetServices' });
  const [media, media2] = [/ver10\/media/, /ver20\/media/].map(
    ({ source }) => new RegExp(`${source}\\/wsdl</tds:Namespace><tds:XAddr>([^<]*)<`).exec(text)?.[1],
  );
  if (!media) throw new Error(`no media service in ${text}`);
  return { tds: url, trt: media, ...(media2 === undefined ? {} : { tr2: media2 }) };
}

/** The kind of authentication that a camera takes. */
async function wayIn(camera: SimulatedCamera): Promise<NonNullable<OnvifCall['auth']>> {
  const account = { username: camera.username, password: camera.password };
  const call = { url: camera.deviceAddress, service: 'tds', operation: 'GetDeviceInformation' } as const;
  const { status } = await callOnvif({ ...call, auth: { kind: 'token', ...account } });
  return { kind: status === 200 ? 'token' : 'digest', ...account };
}

async function profileTokens(
  url: string,
  auth: NonNullable<OnvifCall['auth']>,
): Promise<{ main: string; sub: string }> {
  const { text } = await callOnvif({ url, service: 'trt', operation: 'GetProfiles', auth });
  const [main, sub] = [...text.matchAll(/<trt:Profiles token="([^"]*)"/g)].map((match) => match[1]);
  if (!main || !sub) throw new Error(`no two profiles in ${text}`);
  return { main, sub };
}

function goldenOf(answer: string, camera: SimulatedCamera): string {
  return (
    answer
      .replaceAll(`:${camera.httpPort}/`, ':HTTP_PORT/')
      .replaceAll(`:${camera.rtspPort}/`, ':RTSP_PORT/')
      .replace(/<tt:(Hour|Minute|Second|Year|Month|Day)>\d+</g, '<tt:$1>N<')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
      .replace(/></g, '>\n<') + '\n'
  );
}
