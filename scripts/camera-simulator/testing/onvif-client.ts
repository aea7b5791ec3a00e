import { createHash, randomBytes } from 'node:crypto';

/** A small ONVIF client for the simulator's own tests: says exactly what it is told to, also wrong things. */
export interface OnvifCall {
  readonly url: string;
  readonly service: 'tds' | 'trt' | 'tr2' | 'tev';
  readonly operation: string;
  /** Inner XML of the operation's element. */
  readonly parameters?: string;
  /** Header blocks beside those of authentication. */
  readonly header?: string;
  readonly auth?: {
    kind: 'token' | 'digest';
    username: string;
    password: string;
    createdAtMs?: number;
    nonce?: string;
  };
}

export interface OnvifAnswer {
  readonly status: number;
  readonly text: string;
  readonly challenge: string | null;
}

const namespaces = {
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tr2: 'http://www.onvif.org/ver20/media/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
};
const security = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity';

export async function callOnvif(call: OnvifCall): Promise<OnvifAnswer> {
  const { service, operation, parameters = '', auth } = call;
  const header = (auth?.kind === 'token' ? usernameToken(auth) : '') + (call.header ?? '');
  const body =
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">' +
    `<s:Header>${header}</s:Header><s:Body><${service}:${operation} xmlns:${service}="${namespaces[service]}"` +
    ` xmlns:tt="http://www.onvif.org/ver10/schema">${parameters}</${service}:${operation}></s:Body></s:Envelope>`;
  const first = await post(call.url, body);
  if (auth?.kind !== 'digest' || first.status !== 401 || first.challenge === null) return first;
  return post(call.url, body, digestHeader(first.challenge, 'POST', new URL(call.url), auth));
}

async function post(url: string, body: string, authorization?: string): Promise<OnvifAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/soap+xml; charset=utf-8',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text(), challenge: response.headers.get('www-authenticate') };
}

function usernameToken(auth: NonNullable<OnvifCall['auth']>): string {
  const created = new Date(auth.createdAtMs ?? Date.now()).toISOString();
  const nonce = auth.nonce ?? randomBytes(16).toString('base64');
  const digest = createHash('sha1')
    .update(Buffer.from(nonce, 'base64'))
    .update(created + auth.password)
    .digest('base64');
  return (
    `<w:Security xmlns:w="${security}-secext-1.0.xsd" xmlns:u="${security}-utility-1.0.xsd"><w:UsernameToken>` +
    `<w:Username>${auth.username}</w:Username><w:Password Type="${security}-username-token-profile-1.0#PasswordDigest">` +
    `${digest}</w:Password><w:Nonce>${nonce}</w:Nonce><u:Created>${created}</u:Created></w:UsernameToken></w:Security>`
  );
}

/** Answer to a Digest challenge (RFC 2617, RFC 7616), with qop where it is offered. */
export function digestHeader(
  challenge: string,
  method: string,
  url: URL | string,
  account: { username: string; password: string },
): string {
  const value = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = value('realm') ?? '';
  const nonce = value('nonce') ?? '';
  const uri = typeof url === 'string' ? url : url.pathname + url.search;
  const algorithm = /algorithm=([\w-]+)/.exec(challenge)?.[1];
  const hash = (text: string) =>
    createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const ha1 = hash(`${account.username}:${realm}:${account.password}`);
  const ha2 = hash(`${method}:${uri}`);
  const stated = algorithm === undefined ? '' : `, algorithm=${algorithm}`;
  const start = `Digest username="${account.username}", realm="${realm}", nonce="${nonce}", uri="${uri}"${stated}`;
  if (value('qop') === undefined) return `${start}, response="${hash(`${ha1}:${nonce}:${ha2}`)}"`;
  const cnonce = randomBytes(8).toString('hex');
  const response = hash(`${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}`);
  return `${start}, qop=auth, nc=00000001, cnonce="${cnonce}", response="${response}"`;
}
