// Answers as they are met in the field, through a conversation of whole requests over real sockets.
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { OnvifConnection } from './onvif-connection.js';
import {
  credentials,
  failureOf,
  fault,
  onvif,
  password,
  scriptedCamera,
  soap,
  tokenOnly,
  username,
  usual,
  type Answer,
  type Responder,
} from './onvif.test-harness.js';

const look = { mainProfileToken: 'main', subProfileToken: null };
const empty: Answer = { body: '' };
const contentType = (request: IncomingMessage) => request.headers['content-type'] ?? '';
const streamUri = (uri: string): string =>
  soap(`<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>${uri}</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>`);
/** The usual camera, but for the operations that are given. */
const instead =
  (other: Record<string, Answer>, inner: Responder = usual()): Responder =>
  (operation, request, body) =>
    other[operation] ?? inner(operation, request, body);
const capabilities = (xaddr: string) =>
  soap(
    `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>${xaddr}</tt:XAddr></tt:Media>` +
      '</tds:Capabilities></tds:GetCapabilitiesResponse>',
  );

describe('a device that understands only', () => {
  const namesAction = (request: IncomingMessage, operation: string) =>
    /action="http:\/\/www\.onvif\.org\/ver10\/(?:device|media)\/wsdl\/(\w+)"/.exec(contentType(request))?.[1] ===
    operation;
  const isSoap11 = (request: IncomingMessage, operation: string, body: string) =>
    contentType(request).startsWith('text/xml') &&
    new RegExp(`^"http://www\\.onvif\\.org/ver10/(device|media)/wsdl/${operation}"$`).test(
      String(request.headers.soapaction),
    ) &&
    body.includes('xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"');
  const as11 = (answer: Answer | undefined): Answer | undefined =>
    answer === undefined
      ? undefined
      : {
          ...answer,
          headers: { 'content-type': 'text/xml' },
          body: String(answer.body).replace(
            'http://www.w3.org/2003/05/soap-envelope',
            'http://schemas.xmlsoap.org/soap/envelope/',
          ),
        };
  const mismatch = fault('x', '').replace('SOAP-ENV:Sender', 'SOAP-ENV:VersionMismatch');
  const page = { headers: { 'content-type': 'text/html' }, body: '<html>no</html>' };

  it.each<[string, Answer]>([
    ['with 200 and nothing', empty],
    ['with 415', { status: 415, ...page }],
    ['with 500 and a page', { status: 500, ...page }],
    ['with 400 and nothing', { status: 400, body: '' }],
  ])('requests that name their action, and answers others %s', async (_name, otherwise) => {
    const inner = tokenOnly(usual());
    const camera = await scriptedCamera((operation, request, body) =>
      namesAction(request, operation) ? inner(operation, request, body) : otherwise,
    );
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({ model: 'Cam 7', main: { width: 1920 } });
    // Learnt once, by the first request.
    expect(camera.requests.filter((operation) => operation === 'GetProfiles')).toHaveLength(2);
  });

  it.each<[string, Answer]>([
    ['with 200 and nothing', empty],
    ['with 415', { status: 415, ...page }],
    ['with a fault of its version', { status: 500, body: mismatch }],
    ['with a page and 500', { status: 500, ...page }],
  ])('SOAP 1.1, and answers 1.2 %s', async (_name, otherwise) => {
    const inner = tokenOnly(usual());
    const camera = await scriptedCamera((operation, request, body) =>
      isSoap11(request, operation, body) ? as11(inner(operation, request, body)) : otherwise,
    );
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({ model: 'Cam 7', main: { width: 1920 } });
  });

  it('one way for one service and another for the next', async () => {
    const inner = usual();
    const camera = await scriptedCamera((operation, request, body) =>
      request.url === '/onvif/media_service' && !namesAction(request, operation)
        ? empty
        : inner(operation, request, body),
    );
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({ main: { width: 1920 } });
  });
});

describe('around and within an envelope', () => {
  const profiles = () => String(usual()('GetProfiles', {} as IncomingMessage, '')?.body);
  it.each<[string, (text: string) => string | Buffer]>([
    ['a chunk size behind', (text) => `${text}0\r\n`],
    ['another answer behind', (text) => `${text}HTTP/1.1 200 OK\r\n`],
    ['the same answer twice', (text) => text + text],
    ['NULs behind', (text) => `${text}\0\0\0`],
    ['half a tag behind', (text) => `${text}</SOAP-ENV:Env`],
    ['two declarations', (text) => `<?xml version="1.0"?>\n${text}`],
    ['a blank line before the declaration', (text) => `\r\n\r\n${text}`],
    ['a byte order mark', (text) => `\uFEFF${text}`],
    ['words before', (text) => `OK\n${text}`],
    [
      'a namespace twice',
      (text) => text.replace('xmlns:tt=', 'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tt='),
    ],
    ['an attribute twice', (text) => text.replace('fixed="true"', 'fixed="true" fixed="true"')],
    ['a control character', (text) => text.replace('<tt:Name>main', '<tt:Name>\u0001main')],
    ['an & that is none', (text) => text.replace('<tt:Name>main', '<tt:Name>Cổng & sân &x; main')],
    ['UTF-16', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    [
      'a name in GB2312',
      (text) =>
        Buffer.concat(
          text
            .replace('utf-8', 'gb2312')
            .split('<tt:Name>main')
            .flatMap((part, at) =>
              at === 0 ? [Buffer.from(part)] : [Buffer.from('<tt:Name>'), Buffer.of(0xc3, 0xc5), Buffer.from(part)],
            ),
        ),
    ],
  ])('%s disturbs nothing', async (_name, spoil) => {
    const body = spoil(profiles());
    const camera = await scriptedCamera(instead({ GetProfiles: { body } }));
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({
      main: { profileToken: 'main', width: 1920 },
      sub: { profileToken: 'sub&1' },
    });
  });

  it('names are read in the encoding that they have', async () => {
    const information = (encoding: string, name: Buffer) => {
      const text = soap(
        '<tds:GetDeviceInformationResponse><tds:Manufacturer>|</tds:Manufacturer></tds:GetDeviceInformationResponse>',
      ).replace('utf-8', encoding);
      const [before = '', behind = ''] = text.split('|');
      return Buffer.concat([Buffer.from(before), name, Buffer.from(behind)]);
    };
    for (const [encoding, name, expected] of [
      ['gb2312', Buffer.of(0xb4, 0xf3, 0xbb, 0xaa), '大华'],
      ['gb2312', Buffer.from('Cổng chợ'), 'Cổng chợ'],
      ['utf-8', Buffer.from('Cổng chợ'), 'Cổng chợ'],
      ['nonsense', Buffer.from('Cổng chợ'), 'Cổng chợ'],
    ] as const) {
      const GetDeviceInformation = { body: information(encoding, name) };
      const camera = await scriptedCamera(instead({ GetDeviceInformation }));
      expect((await onvif.identify(camera.url, credentials)).manufacturer).toBe(expected);
    }
  });

  it('a stated length that is longer than what came does not lose it', async () => {
    const text = profiles();
    const camera = await scriptedCamera((operation, request, body) => {
      if (operation !== 'GetProfiles') return usual()(operation, request, body);
      request.socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length + 40}\r\n\r\n${text}`);
      return undefined;
    });
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({ main: { width: 1920 } });
  });
});

describe('stream addresses', () => {
  it.each([
    [
      'with & that are not escaped',
      'rtsp://192.0.2.10:554/user=admin&password=&channel=1&stream=0.sdp',
      '/user=admin&password=&channel=1&stream=0.sdp',
    ],
    ['escaped twice', 'rtsp://192.0.2.10:554/cam?channel=1&amp;amp;subtype=0', '/cam?channel=1&subtype=0'],
    ['escaped thrice', 'rtsp://192.0.2.10:554/cam?channel=1&amp;amp;amp;subtype=0', '/cam?channel=1&subtype=0'],
    ['as character data', '<![CDATA[rtsp://192.0.2.10:554/cam?a=1&b=2]]>', '/cam?a=1&b=2'],
    ['with a slash in the password', 'rtsp://admin:p@ss/w@192.0.2.10:554/live', '/live'],
    ['with everything in the password', 'rtsp://admin:a?b#c@d:1/2@192.0.2.10:554/live', '/live'],
    ['with @ in the path', 'rtsp://192.0.2.10:554/live@main', '/live@main'],
    ['with @ in both', 'rtsp://u:p@192.0.2.10:554/live@a.b', '/live@a.b'],
    ['with a name for a host', 'rtsp://u:p/w@cam.local:554/live', '/live'],
  ])('%s', async (_name, told, path) => {
    const camera = await scriptedCamera(instead({ GetStreamUri: { body: streamUri(told) } }));
    const { mainUrl } = await onvif.look(camera.url, credentials, look);
    expect(mainUrl).toBe(`rtsp://127.0.0.1:554${path}`);
  });
});

describe('several addresses of a service', () => {
  it.each([
    ['http://192.0.2.10/usable http://169.254.1.1/other'],
    ['http://169.254.1.1/other\n http://192.0.2.10/usable'],
    ['http://192.0.2.10/other http://127.0.0.1/usable'],
    ['nonsense http://[fe80::1]/other http://192.0.2.10/usable'],
  ])('%s', async (xaddr) => {
    const asked: (string | undefined)[] = [];
    const camera = await scriptedCamera((operation, request, body) => {
      if (operation === 'GetProfiles') asked.push(request.url);
      return instead({
        GetCapabilities: { body: capabilities(xaddr.replace('127.0.0.1', `127.0.0.1:${camera.port}`)) },
      })(operation, request, body);
    });
    await onvif.identify(camera.url, credentials);
    expect(asked[0]).toBe('/usable');
  });
});

describe('a refused password', () => {
  const refusal = (status: number, text: string, code = 'InvalidArgVal') => ({ status, body: fault(code, text) });
  const soap11Fault = (status: number) => ({
    status,
    headers: { 'content-type': 'text/xml' },
    body:
      '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>' +
      '<faultcode>e:Client.Authentication</faultcode><faultstring>Not authorized</faultstring></e:Fault></e:Body></e:Envelope>',
  });
  it.each<[string, Answer]>([
    ['Wrong password, 400', refusal(400, 'Wrong password')],
    ['Wrong password, 200', refusal(200, 'Wrong password')],
    ['Invalid username or password, 500', refusal(500, 'Invalid username or password')],
    ['Username or password error', refusal(400, 'Username or password error')],
    ['Error:password', refusal(400, 'Error:Password')],
    ['NotAuthorized, 200', refusal(200, '', 'NotAuthorized')],
    ['NotAuthorized, 401', refusal(401, '', 'NotAuthorized')],
    ['NotAuthorized, 403', refusal(403, '', 'NotAuthorized')],
    ['FailedAuthentication, 500', refusal(500, 'x', 'FailedAuthentication')],
    ['SOAP 1.1, 500', soap11Fault(500)],
    ['SOAP 1.1, 200', soap11Fault(200)],
    ['401 without a word', { status: 401, body: '' }],
  ])('is one, told as %s', async (_name, answer) => {
    const camera = await scriptedCamera(instead({ GetProfiles: answer, GetVideoSources: answer }));
    expect(await failureOf(onvif.identify(camera.url, credentials))).toMatchObject({
      code: 'wrong_password',
      reason: 'wrong_password',
    });
    // Asked once without a password, and once with it.
    expect(camera.requests.filter((operation) => operation === 'GetProfiles')).toHaveLength(2);
  });

  it.each<[string, Answer, string]>([
    ['an argument', refusal(400, 'Invalid token'), 'bad_answer'],
    ['the configuration of a user', refusal(400, 'No such profile of this user'), 'bad_answer'],
    ['403', { status: 403, body: '<html>Forbidden</html>' }, 'forbidden'],
  ])('is none where %s is refused', async (_name, answer, code) => {
    const camera = await scriptedCamera(instead({ GetProfiles: answer }));
    expect((await failureOf(onvif.identify(camera.url, credentials))).code).toBe(code);
  });
});

describe('HTTP Basic', () => {
  const asking = (inner: Responder): Responder => {
    const right = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return (operation, request, body) =>
      request.headers.authorization === right
        ? inner(operation, request, body)
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, body: '' };
  };
  const typed = { ...credentials, plainPassword: true };

  it('is used where nothing else is wanted and a person typed the password for this host', async () => {
    const camera = await scriptedCamera(asking(usual()));
    expect(await onvif.identify(camera.url, typed)).toMatchObject({ model: 'Cam 7', main: { width: 1920 } });
    expect((await onvif.look(camera.url, typed, look)).mainUrl).toContain('/live');
  });

  it('never tells the password to who is only recognised, and the reason is no wrong password', async () => {
    const sent: string[] = [];
    const inner = asking(usual());
    const camera = await scriptedCamera((operation, request, body) => {
      sent.push(String(request.headers.authorization));
      return inner(operation, request, body);
    });
    for (const given of [credentials, { ...credentials, plainPassword: false }]) {
      expect(await failureOf(onvif.identify(camera.url, given))).toMatchObject({ code: 'password_withheld' });
    }
    expect(sent.filter((one) => one !== 'undefined')).toEqual([]);
  });

  it('is refused from who took the password as a digest before, and that is reported once', async () => {
    const basic = asking(usual());
    const token = tokenOnly(usual());
    const sent: string[] = [];
    const camera = await scriptedCamera((operation, request, body) => {
      sent.push(String(request.headers.authorization));
      return operation === 'GetCapabilities' ? basic(operation, request, body) : token(operation, request, body);
    });
    let digests = 0;
    const connection = new OnvifConnection({
      ...{ ...typed, clock: systemClock, timeoutMs: 1500, rules: loopbackRules },
      onDigest: () => (digests += 1),
    });
    const url = new URL(camera.url);
    for (let round = 0; round < 2; round += 1)
      await connection.call(url, 'GetDeviceInformation', '<tds:GetDeviceInformation/>');
    const asked = connection.call(url, 'GetCapabilities', '<tds:GetCapabilities/>', true);
    expect((await failureOf(asked)).code).toBe('password_withheld');
    expect(sent.filter((one) => one.startsWith('Basic'))).toEqual([]);
    expect(digests).toBe(1);
  });

  it('is not sent to a host that is not confirmed', async () => {
    const camera = await scriptedCamera(asking(usual()));
    const elsewhere = { ...typed, confirmedHosts: ['127.0.0.2'] };
    expect((await failureOf(onvif.identify(camera.url, elsewhere))).code).toBe('password_withheld');
    expect(camera.requests).toEqual([]);
  });

  it('names a wrong password where it was the right scheme', async () => {
    const camera = await scriptedCamera(asking(usual()));
    expect((await failureOf(onvif.identify(camera.url, { ...typed, password: 'no' }))).code).toBe('wrong_password');
  });
});

describe('a device with local time alone', () => {
  const behind = -40 * 365 * 86_400_000;
  const told = (zone: string, offsetHours: number) => {
    const date = new Date(Date.now() + behind + offsetHours * 3_600_000);
    return soap(
      '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DaylightSavings>false</tt:DaylightSavings>' +
        `${zone}<tt:LocalDateTime><tt:Time><tt:Hour>${date.getUTCHours()}</tt:Hour><tt:Minute>${date.getUTCMinutes()}` +
        `</tt:Minute><tt:Second>${date.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${date.getUTCFullYear()}` +
        `</tt:Year><tt:Month>${date.getUTCMonth() + 1}</tt:Month><tt:Day>${date.getUTCDate()}</tt:Day></tt:Date>` +
        '</tt:LocalDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>',
    );
  };
  it.each([
    ['<tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>', 0, true],
    ['<tt:TimeZone><tt:TZ>ICT-7</tt:TZ></tt:TimeZone>', 7, true],
    ['', 0, false],
  ])('is dated by it, with the zone %s', async (zone, offsetHours, isKnown) => {
    const cameraNow = () => Date.now() + behind;
    const inner = tokenOnly(usual(), cameraNow);
    const camera = await scriptedCamera((operation, request, body) =>
      operation === 'GetSystemDateAndTime' ? { body: told(zone, offsetHours) } : inner(operation, request, body),
    );
    const { clockOffsetMs, main } = await onvif.identify(camera.url, credentials);
    expect(main.width).toBe(1920);
    if (isKnown) expect(Math.abs((clockOffsetMs ?? 0) - behind)).toBeLessThan(1500);
    else expect(clockOffsetMs).toBeNull();
  });
});

describe('a bad answer of one step', () => {
  const spoiled: [string, Answer][] = [
    ['junk', { body: 'OK' }],
    ['a page', { body: '<html>login</html>' }],
    ['nothing', empty],
    ['half of it', { body: soap('<tds:x>').slice(0, 200) }],
    ['403', { status: 403, body: '' }],
    ['404', { status: 404, body: '' }],
    ['500', { status: 500, body: '' }],
  ];
  const steps = ['GetSystemDateAndTime', 'GetServices', 'GetDeviceInformation', 'GetVideoSources'];
  it.each(steps.flatMap((step) => spoiled.map(([name, answer]) => [step, name, answer] as const)))(
    'does not lose the others: %s with %s',
    async (step, _name, answer) => {
      const camera = await scriptedCamera(instead({ [step]: answer }));
      const facts = await onvif.identify(camera.url, credentials);
      expect(facts).toMatchObject({ main: { profileToken: 'main' }, sub: { profileToken: 'sub&1' } });
      expect(facts.model).toBe(step === 'GetDeviceInformation' ? '' : 'Cam 7');
      expect(facts.clockOffsetMs === null).toBe(step === 'GetSystemDateAndTime');
    },
  );

  it('nor does one of both lists of services', async () => {
    const junk = { body: 'OK' };
    const camera = await scriptedCamera(instead({ GetServices: junk, GetCapabilities: junk }));
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({ main: { width: 1920 } });
  });

  it('nor a sub-stream without address', async () => {
    const inner = usual();
    const camera = await scriptedCamera((operation, request, body) =>
      operation === 'GetStreamUri' && body.includes('>sub<') ? { body: 'OK' } : inner(operation, request, body),
    );
    const sight = await onvif.look(camera.url, credentials, { ...look, subProfileToken: 'sub' });
    expect(sight).toMatchObject({ mainUrl: expect.stringContaining('/live') as string, subUrl: null });
    expect(sight.clockOffsetMs).not.toBeNull();
  });
});
