import type { SimulatedCamera, Simulator } from '../simulator.js';
import { callOnvif, type OnvifCall } from './onvif-client.js';

/** One answer of a camera, and what is kept of it as a golden. */
export interface Conversation {
  /** `<brand>/<operation>.xml` */
  readonly path: string;
  readonly answer: string;
  /** Without what differs from run to run: ports and the time. */
  readonly golden: string;
}

interface Question {
  readonly name: string;
  readonly service: 'tds' | 'trt';
  readonly operation: string;
  parameters?(tokens: { main: string; sub: string }): string;
  readonly anonymous?: boolean;
}

const profileToken = (token: string): string => `<trt:ProfileToken>${token}</trt:ProfileToken>`;
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
];

/** Asks one camera of each brand everything. */
export async function converse(simulator: Simulator): Promise<Conversation[]> {
  const conversations: Conversation[] = [];
  const asked = new Set<string>();
  for (const camera of simulator.cameras) {
    if (asked.has(camera.manufacturer)) continue;
    asked.add(camera.manufacturer);
    const addresses = await serviceAddresses(camera);
    const auth = await wayIn(camera);
    const tokens = await profileTokens(addresses.trt, auth);
    for (const question of questions) {
      const call: OnvifCall = {
        url: addresses[question.service],
        service: question.service,
        operation: question.operation,
        parameters: question.parameters?.(tokens) ?? '',
        ...(question.anonymous ? {} : { auth }),
      };
      const answer = (await callOnvif(call)).text;
      const path = `${camera.manufacturer.toLowerCase()}/${question.name}.xml`;
      conversations.push({ path, answer, golden: goldenOf(answer, camera) });
    }
  }
  return conversations;
}

async function serviceAddresses(camera: SimulatedCamera): Promise<{ tds: string; trt: string }> {
  const url = camera.deviceAddress;
  const { text } = await callOnvif({ url, service: 'tds', operation: 'GetServices' });
  const media = /<tds:Namespace>[^<]*media\/wsdl<\/tds:Namespace><tds:XAddr>([^<]*)</.exec(text)?.[1];
  if (!media) throw new Error(`no media service in ${text}`);
  return { tds: url, trt: media };
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
      .replace(/></g, '>\n<') + '\n'
  );
}
