import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';

export interface CameraRelay {
  readonly deviceAddress: string;
  /** Where it answers probes: `host/32:port`. */
  readonly range: string;
  /** Connections that it was sent, of ONVIF and of RTSP. */
  readonly seen: { onvif: number; rtsp: number };
  /** Everything that was sent to it. */
  readonly heard: () => string;
  stop(): Promise<void>;
}

/**
 * Somebody between recorder and camera: passes ONVIF on to the camera, rewrites the RTSP address to itself, asks there
 * for the password in clear, and announces itself as the camera.
 */
export async function startCameraRelay(options: {
  host: string;
  camera: { deviceAddress: string };
  endpointReference: () => string;
}): Promise<CameraRelay> {
  const { host, camera } = options;
  const seen = { onvif: 0, rtsp: 0 };
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => heard.push(Buffer.from(chunk)));
  };

  const rtsp = createTcpServer((socket) => {
    seen.rtsp += 1;
    keep(socket);
    socket.on('data', (chunk: Buffer) => {
      for (const [, cseq] of chunk.toString('latin1').matchAll(/^CSeq: *(\d+)/gim))
        socket.write(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${cseq}\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n`);
    });
  });
  rtsp.listen(0, host);
  await once(rtsp, 'listening');
  const rtspPort = (rtsp.address() as AddressInfo).port;

  const onvif = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      const target = new URL(asked.url ?? '/', camera.deviceAddress);
      const passed = request(target, { method: asked.method, headers: { ...asked.headers, host: target.host } });
      passed.on('error', () => answer.destroy());
      passed.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (chunk: Buffer) => parts.push(chunk));
        response.on('end', () => {
          const body = Buffer.concat(parts)
            .toString('utf8')
            .replace(/rtsp:\/\/[^<]*/g, `rtsp://${host}:${rtspPort}/stream`);
          const headers = { ...response.headers, 'content-length': String(Buffer.byteLength(body)) };
          delete (headers as Record<string, unknown>)['transfer-encoding'];
          answer.writeHead(response.statusCode ?? 500, headers).end(body);
        });
      });
      passed.end(Buffer.concat(chunks));
    });
  });
  onvif.on('connection', (socket) => {
    seen.onvif += 1;
    keep(socket);
  });
  onvif.listen(0, host);
  await once(onvif, 'listening');
  const deviceAddress = `http://${host}:${(onvif.address() as AddressInfo).port}${new URL(camera.deviceAddress).pathname}`;

  const announcer = createSocket('udp4');
  announcer.bind(0, host);
  await once(announcer, 'listening');
  announcer.on('message', (_probe, from) =>
    announcer.send(probeMatch(options.endpointReference(), deviceAddress), from.port, from.address),
  );

  return {
    deviceAddress,
    range: `${host}/32:${announcer.address().port}`,
    seen,
    heard: () => Buffer.concat(heard).toString('latin1'),
    async stop() {
      for (const socket of sockets) socket.destroy();
      announcer.close();
      await Promise.all([rtsp, onvif].map((server) => new Promise((closed) => server.close(closed))));
    },
  };
}

const probeMatch = (reference: string, address: string) =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>${reference}</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/Relay</d:Scopes><d:XAddrs>${address}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`;
