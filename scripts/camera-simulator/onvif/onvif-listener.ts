import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { DigestAuthenticator } from '../digest-auth.js';
import { answerDevice } from './device-service.js';
import { answerMedia } from './media-service.js';
import { answerMedia2 } from './media2-service.js';
import { EventService } from './event-service.js';
import type { OnvifCamera } from './onvif-camera.js';
import { contentTypeOf, inManner, understands } from './onvif-manner.js';
import { ownCertificate } from './own-certificate.js';
import { envelope, faultEnvelope, faultStatus, parseSoapRequest, SoapFault, type SoapRequest } from './soap.js';
import { sendSpoiledAnswer } from './spoiled-answer.js';
import { UsernameTokenVerifier } from './username-token.js';

const maxRequestBytes = 256 * 1024;
/** Access class PRE_AUTH (ONVIF Core 5.9.4.3), on the device service only. */
const openOperations = new Set([
  'GetSystemDateAndTime',
  'GetCapabilities',
  'GetServices',
  'GetServiceCapabilities',
  'GetHostname',
]);
const answers = { device: answerDevice, media: answerMedia, media2: answerMedia2 } as const;
const soapType = 'application/soap+xml; charset=utf-8';

/** Serves the ONVIF services and the snapshot of one camera over HTTP. */
export class OnvifListener {
  readonly #camera: OnvifCamera;
  readonly events: EventService;
  readonly #digest: DigestAuthenticator;
  readonly #tokens: UsernameTokenVerifier;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  #port = 0;
  #securePort = 0;

  constructor(options: { camera: OnvifCamera; nowMs: () => number }) {
    this.#camera = options.camera;
    this.events = new EventService(this.#eventCamera(options.camera));
    this.#digest = new DigestAuthenticator({ realm: this.#camera.realm, qop: true, nowMs: options.nowMs });
    this.#tokens = new UsernameTokenVerifier(() => this.#camera.cameraNowMs());
  }

  #eventCamera(camera: OnvifCamera) {
    return {
      get eventsAddress() {
        return `${camera.serviceOrigin}${camera.paths.events}`;
      },
      sourceToken: (channel: number) => camera.channels()[channel - 1]?.sourceToken ?? '',
      cameraNowMs: () => camera.cameraNowMs(),
    };
  }

  /** Where the services are. */
  get origin(): string {
    const { transport } = this.#camera.manner;
    if (transport === 'redirects' && this.#securePort > 0) return `https://${this.#camera.host}:${this.#securePort}`;
    const scheme = transport === 'http' || transport === 'redirects' ? 'http' : 'https';
    return `${scheme}://${this.#camera.host}:${this.#camera.httpPort()}`;
  }

  /** Listens on the camera's address; port 0 picks a free one. Resolves to the port. */
  async start(port: number): Promise<number> {
    const { transport } = this.#camera.manner;
    this.#port = await this.#listen(transport === 'http' || transport === 'redirects' ? undefined : transport, port);
    if (transport === 'redirects') this.#securePort = await this.#listen('https', 0);
    return this.#port;
  }

  /** In another manner, at the same port. */
  async restart(): Promise<void> {
    if (this.#servers.length === 0) return;
    await this.stop();
    await this.start(this.#port);
  }

  async #listen(secure: 'https' | 'old-tls' | undefined, port: number): Promise<number> {
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response, secure !== undefined).catch((error: unknown) => {
        console.error(`camera ${this.#camera.host}: ${String(error)}`);
        response.destroy();
      });
    };
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    const server =
      secure === undefined
        ? createServer(onRequest)
        : createSecureServer({ ...(await ownCertificate()), ...(secure === 'old-tls' ? old : {}) }, onRequest);
    server.on('connection', (socket: Socket) => {
      if (this.#camera.isTurningAway()) {
        socket.resetAndDestroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#camera.host, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Closes every connection, with RST where `abruptly`. */
  disconnect(abruptly: boolean): void {
    for (const socket of this.#sockets) {
      if (abruptly) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  async stop(): Promise<void> {
    const closed = this.#servers
      .splice(0)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.events.forget();
    this.disconnect(false);
    await Promise.all(closed);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, isSecure: boolean): Promise<void> {
    const { manner } = this.#camera;
    if (this.#camera.isHanging() || this.#camera.isGone()) return;
    if (manner.absent) return void response.writeHead(404).end();
    if (manner.transport === 'redirects' && !isSecure)
      return void response.writeHead(302, { Location: `${this.origin}${request.url ?? '/'}` }).end();
    response.setHeader('Server', this.#camera.serverName);
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const snapshotPath = this.#camera.paths.snapshot.split('?')[0];
    if (request.method === 'GET' && path === snapshotPath) return this.#snapshot(request, response);
    const service = this.#serviceAt(path);
    if (!service) return void response.writeHead(404).end();
    if (request.method !== 'POST') return void response.writeHead(405, { Allow: 'POST' }).end();
    const text = await bodyText(request);
    if (text === undefined) return void response.writeHead(413, { Connection: 'close' }).end();
    const spoiled = this.#camera.spoiledAnswer();
    if (spoiled) return sendSpoiledAnswer(response, spoiled);
    const send = (status: number, envelopeText: string) =>
      void response
        .writeHead(status, { 'Content-Type': contentTypeOf(manner) })
        .end(inManner(manner, envelopeText, this.#camera.account()));
    if (!understands(manner, request)) return void response.writeHead(200, { 'Content-Length': 0 }).end();
    try {
      const soap = parseSoapRequest(text);
      if (service !== 'device' || !openOperations.has(soap.operation)) {
        if (!this.#authenticated(soap, request, response)) return;
      }
      const body =
        service === 'events'
          ? await this.events.answer(soap.operation, soap.parameters, soap.header)
          : answers[service](this.#camera, soap.operation, soap.parameters);
      if (body === undefined) {
        throw new SoapFault('Receiver', ['ter:ActionNotSupported'], `${soap.operation} is not supported`);
      }
      send(200, envelope(body));
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      send(manner.faultStatus === 'standard' ? faultStatus(error) : manner.faultStatus, faultEnvelope(error));
    }
  }

  #serviceAt(path: string): keyof typeof answers | 'events' | undefined {
    const { device, media, media2, events } = this.#camera.paths;
    if (path === events) return this.#camera.offersEvents ? 'events' : undefined;
    if (path === device) return 'device';
    if (path === media) return 'media';
    return path === media2 && this.#camera.offersMedia2 ? 'media2' : undefined;
  }

  /** Answers by itself, and returns false, where the request does not show the camera's password. */
  #authenticated(soap: SoapRequest, request: IncomingMessage, response: ServerResponse): boolean {
    const refused = new SoapFault('Sender', ['ter:NotAuthorized'], 'Sender not authorized');
    const account = this.#camera.account();
    const lock = this.#camera.lock();
    if (
      lock !== undefined &&
      (request.headers.authorization !== undefined || this.#tokens.verify(soap.header, account) !== undefined)
    ) {
      this.#camera.countLocked();
      if (lock.manner === 'words') throw new SoapFault('Sender', ['ter:NotAuthorized'], lock.text);
      response.writeHead(401, { 'Content-Type': 'application/xml' }).end(lock.text);
      return false;
    }
    if (this.#camera.manner.authentication === 'basic') return basicAccepted(request, response, account);
    const token = this.#camera.acceptsUsernameToken ? this.#tokens.verify(soap.header, account) : undefined;
    if (token === true) return true;
    if (token === false) throw refused;
    if (!this.#camera.acceptsHttpDigest) throw refused;
    return this.#digestAccepted(request, response, faultEnvelope(refused));
  }

  #digestAccepted(request: IncomingMessage, response: ServerResponse, body: string): boolean {
    const header = request.headers.authorization;
    const verdict =
      header === undefined
        ? 'refused'
        : this.#digest.verify(header, request.method ?? '', request.url ?? '', this.#camera.account());
    if (verdict === 'accepted') return true;
    response
      .writeHead(401, {
        'WWW-Authenticate': this.#digest.challenge(verdict === 'stale'),
        ...(body === '' ? {} : { 'Content-Type': soapType }),
      })
      .end(body);
    return false;
  }

  /** The snapshot asks for HTTP Digest on every camera, also on one whose SOAP does not know it. */
  async #snapshot(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#digestAccepted(request, response, '')) return;
    const token = new URL(request.url ?? '/', this.origin).searchParams.get('profile') ?? '';
    const jpeg = await this.#camera.snapshot(token);
    if (jpeg === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': jpeg.length }).end(jpeg);
  }
}

function basicAccepted(
  request: IncomingMessage,
  response: ServerResponse,
  { username, password }: { username: string; password: string },
): boolean {
  const right = `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  if (request.headers.authorization === right) return true;
  response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="camera"' }).end();
  return false;
}

/** Undefined where the body is longer than a camera takes. */
async function bodyText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxRequestBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
