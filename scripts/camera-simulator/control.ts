import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { CameraKindInput } from './camera-kind.js';
import { faultKinds, faultSchema, type FaultKind } from './faults.js';
import type { Simulator } from './simulator.js';
import type { VirtualCamera } from './virtual-camera.js';

const maxBodyBytes = 64 * 1024;
const onSchema = z.strictObject({ kind: z.literal('on') });
const junkSchema = z.strictObject({
  camera: z.number().int(),
  address: z.ipv4(),
  port: z.number().int().min(1).max(65535),
});

type Wired = Omit<Simulator, 'control' | 'stop'>;

/**
 * The test bench's own HTTP API, apart from the cameras:
 * `GET /cameras`, `GET /cameras/:n`, `PUT /cameras/:n/fault` (a fault, or `{"kind":"on"}`),
 * `DELETE /cameras/:n/fault[?kind=…]`, `PUT /cameras/:n/kind` (what is to change of it), `GET /load` (sums over all
 * cameras), `POST /discovery/junk` (`{camera, address, port}`).
 * It tells the cameras' passwords, so it belongs on a loopback address.
 */
export async function startControl(options: {
  simulator: Wired;
  cameras: readonly VirtualCamera[];
  host: string;
  port: number;
}): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(options.simulator, options.cameras, request)
      .then(({ status, body }) => send(response, status, body))
      .catch((error: unknown) => {
        const invalid = error instanceof z.ZodError || error instanceof SyntaxError || error instanceof RangeError;
        send(response, invalid ? 400 : 500, { message: error instanceof Error ? error.message : String(error) });
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    url: `http://${options.host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  simulator: Wired,
  cameras: readonly VirtualCamera[],
  request: IncomingMessage,
): Promise<{ status: number; body: unknown }> {
  const url = new URL(request.url ?? '/', 'http://control');
  const [first, second, third, ...more] = url.pathname.split('/').filter((part) => part !== '');
  const notFound = { status: 404, body: { message: `nothing at ${url.pathname}` } };
  if (more.length > 0) return notFound;
  if (request.method === 'POST' && first === 'discovery' && second === 'junk') {
    const { camera, address, port } = junkSchema.parse(await bodyJson(request));
    simulator.sendJunk(camera, { address, port });
    return { status: 200, body: {} };
  }
  if (request.method === 'GET' && first === 'load' && second === undefined) {
    const total = {
      connections: 0,
      mainReceivers: 0,
      subReceivers: 0,
      attempts: 0,
      lockedSignIns: 0,
      subscriptions: 0,
    };
    for (const { number } of cameras) {
      const load = simulator.load(number);
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += load[name];
    }
    return { status: 200, body: total };
  }
  if (first !== 'cameras') return notFound;
  const state = (camera: VirtualCamera) => ({
    ...simulator.cameras[camera.number - 1],
    faults: camera.faults,
    load: simulator.load(camera.number),
  });
  if (second === undefined) {
    return request.method === 'GET' ? { status: 200, body: { cameras: cameras.map(state) } } : notFound;
  }
  const camera = cameras[Number(second) - 1];
  if (!camera) return { status: 404, body: { message: `no camera ${second}` } };
  if (third === undefined && request.method === 'GET') return { status: 200, body: state(camera) };
  if (third === 'kind' && request.method === 'PUT') {
    await simulator.setKind(camera.number, (await bodyJson(request)) as CameraKindInput);
    return { status: 200, body: state(camera) };
  }
  if (third !== 'fault') return notFound;
  if (request.method === 'PUT') {
    const body = await bodyJson(request);
    if (onSchema.safeParse(body).success) await camera.clearFault();
    else await camera.setFault(faultSchema.parse(body));
    return { status: 200, body: state(camera) };
  }
  if (request.method === 'DELETE') {
    const kind = z.enum(faultKinds as [FaultKind, ...FaultKind[]]).optional();
    await camera.clearFault(kind.parse(url.searchParams.get('kind') ?? undefined));
    return { status: 200, body: state(camera) };
  }
  return { status: 405, body: { message: `${request.method ?? ''} is not possible here` } };
}

async function bodyJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new RangeError('the body is too long');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
