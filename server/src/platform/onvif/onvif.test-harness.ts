import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { isAppError } from '../../lib/errors.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { silentLogger } from '../../lib/logger.js';
import { createOnvif } from './onvif.js';

export const username = 'admin';
export const password = 'mật-khẩu <&> "1"';
export const credentials = { username, password, confirmedHosts: ['127.0.0.1'] };

export const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

export interface Answer {
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}
export type Responder = (operation: string, request: IncomingMessage, body: string) => Answer | undefined;

export async function ownCertificate(): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'camera' }], {
    keyType: 'ec',
    curve: 'P-256',
  });
  return { key, cert };
}

/** A camera that answers as told; undefined: says nothing. */
export async function scriptedCamera(
  respond: Responder,
  { secure = false } = {},
): Promise<{ url: string; port: number; requests: string[] }> {
  const requests: string[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const operation = /<s:Body><(?:\w+:)?(\w+)/.exec(body)?.[1] ?? '';
      requests.push(operation);
      const answer = respond(operation, request, body);
      if (answer === undefined) return;
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/soap+xml', ...answer.headers });
      response.end(answer.body ?? '');
    });
  };
  const server = secure ? createSecureServer(await ownCertificate(), listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http${secure ? 's' : ''}://127.0.0.1:${port}/onvif/device_service`, port, requests };
}

export const soap = (body: string) =>
  `<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" ` +
  `xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" ` +
  `xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:ter="http://www.onvif.org/ver10/error">` +
  `<SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;

export const fault = (subcode: string, text: string): string =>
  soap(
    `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode>` +
      `<SOAP-ENV:Value>ter:${subcode}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code>` +
      `<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${text}</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`,
  );

export function dateTime(ms: number): string {
  const date = new Date(ms);
  return soap(
    `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>` +
      `<tt:UTCDateTime><tt:Time><tt:Hour>${date.getUTCHours()}</tt:Hour><tt:Minute>${date.getUTCMinutes()}</tt:Minute>` +
      `<tt:Second>${date.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${date.getUTCFullYear()}</tt:Year>` +
      `<tt:Month>${date.getUTCMonth() + 1}</tt:Month><tt:Day>${date.getUTCDate()}</tt:Day></tt:Date></tt:UTCDateTime>` +
      `</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
  );
}

export const profile = (token: string, width: number, height: number, encoding = 'H264') =>
  `<trt:Profiles token="${token}" fixed="true"><tt:Name>${token}</tt:Name><tt:VideoEncoderConfiguration token="e${token}">` +
  `<tt:Encoding>${encoding}</tt:Encoding><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height>` +
  `</tt:Resolution><tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>` +
  `<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl></tt:VideoEncoderConfiguration></trt:Profiles>`;

export const twoProfiles = profile('sub&amp;1', 640, 360) + profile('main', 1920, 1080);

/** Answers of a device of the older kind, which knows GetCapabilities alone and reports the address of another network. */
export function usual(profiles = twoProfiles, cameraNowMs: () => number = Date.now): Responder {
  return (operation) => {
    switch (operation) {
      case 'GetSystemDateAndTime':
        return { body: dateTime(cameraNowMs()) };
      case 'GetServices':
        return { status: 400, body: fault('ActionNotSupported', 'Optional Action Not Implemented') };
      case 'GetCapabilities':
        return {
          body: soap(
            `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://192.168.1.108/onvif/media_service` +
              `</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`,
          ),
        };
      case 'GetDeviceInformation':
        return {
          body: soap(
            `<tds:GetDeviceInformationResponse><tds:Manufacturer>A &amp; B</tds:Manufacturer><tds:Model>Cam&#x20;7</tds:Model>` +
              `<tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>SN</tds:SerialNumber>` +
              `<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>`,
          ),
        };
      case 'GetProfiles':
        return { body: soap(`<trt:GetProfilesResponse>${profiles}</trt:GetProfilesResponse>`) };
      case 'GetStreamUri':
        return {
          body: soap(
            `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://${username}:secret@10.0.0.9:10554/live?ch=1&amp;s=0</tt:Uri>` +
              `</trt:MediaUri></trt:GetStreamUriResponse>`,
          ),
        };
      default:
        return { status: 400, body: fault('ActionNotSupported', 'no') };
    }
  };
}

export const anonymous = new Set(['GetSystemDateAndTime', 'GetServices', 'GetCapabilities']);

/** Lets through what bears a right UsernameToken whose instant is within `windowMs` of the camera's clock. */
export function tokenOnly(inner: Responder, cameraNowMs: () => number = Date.now, windowMs = 5000): Responder {
  return (operation, request, body) => {
    if (anonymous.has(operation)) return inner(operation, request, body);
    const read = (name: string) => new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
    const created = read('Created');
    const digest = createHash('sha1')
      .update(Buffer.from(read('Nonce'), 'base64'))
      .update(created)
      .update(password)
      .digest('base64');
    const right = digest === read('Password') && Math.abs(Date.parse(created) - cameraNowMs()) < windowMs;
    return right
      ? inner(operation, request, body)
      : { status: 400, body: fault('NotAuthorized', 'Sender not Authorized') };
  };
}

/** Lets through what answers the digest challenge; each nonce is good for two requests. */
export function digestOnly(inner: Responder, algorithm: 'MD5' | 'SHA-256', refused: string[] = []): Responder {
  let serial = 0;
  const uses = new Map<string, number>();
  return (operation, request, body) => {
    if (anonymous.has(operation)) return inner(operation, request, body);
    const header = request.headers.authorization ?? '';
    const field = (name: string) => new RegExp(`[ ,]${name}="?([^",]*)"?`).exec(header)?.[1] ?? '';
    const hash = (text: string) =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const nonce = field('nonce');
    const expected = hash(
      `${hash(`${username}:Login to 12:${password}`)}:${nonce}:${field('nc')}:${field('cnonce')}:auth:` +
        hash(`POST:${request.url ?? ''}`),
    );
    const count = uses.get(nonce) ?? 0;
    const right = header !== '' && field('response') === expected;
    if (right && count < 2 && count > 0 === (field('nc') === '00000002')) {
      uses.set(nonce, count + 1);
      return inner(operation, request, body);
    }
    refused.push(operation);
    serial += 1;
    const fresh = `n${serial}`;
    uses.set(fresh, 0);
    const challenge = (name: string, own: string) =>
      `Digest realm="Login to 12", qop="auth,auth-int", nonce="${own}", algorithm=${name}${right ? ', stale=true' : ''}`;
    return {
      status: 401,
      headers: { 'www-authenticate': ['Basic realm="x"', challenge('MD5-unknown', 'zz'), challenge(algorithm, fresh)] },
      body: '<html>401</html>',
    };
  };
}

export const onvif = createOnvif({
  ...{ clock: systemClock, logger: silentLogger, rules: loopbackRules },
  ...{ interfaces: ['127.0.0.1'], timeoutMs: 1500 },
});

export async function failureOf(work: Promise<unknown>): Promise<{ code: string; text: string; reason: unknown }> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isAppError(error)) throw new Error(`expected an AppError, got ${String(error)}`);
  return { code: error.code, text: `${error.message} ${JSON.stringify(error.details)}`, reason: error.details.reason };
}
