import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';

/** Where the cameras of a demo are. They keep it: the console knows them by it at the next start. */
const demoPlace = z.object({ network: z.ipv4() });
export type DemoPlace = z.infer<typeof demoPlace>;

/** Of every camera, each at an address of its own. */
export const cameraPorts = { http: 18080, rtsp: 18554 };
const usualPort = 8470;
const usualNetwork = 66;
/** 127.66.0.0 to 127.250.0.0, one of them for each folder. */
const networks = 185;

/** Names of options are no words of a language. */
const options = { data: '--data', port: '--port' };

/** What a person reads who starts a demo twice. */
export const alreadyRunning = (folder: string) =>
  `Bản chạy thử này đang chạy (thư mục ${folder}). Hãy dùng ${options.data} để chọn thư mục khác.\n` +
  `This demo is running (folder ${folder}). Choose another folder with --data.`;

const camerasInUse = (folder: string, network: string) =>
  `Một chương trình khác đang dùng địa chỉ camera của bản chạy thử này (${network}, thư mục ${folder}). ` +
  `Hãy dừng chương trình đó, hoặc dùng ${options.data} để chọn thư mục khác.\n` +
  `Another program uses the camera addresses of this demo (${network}, folder ${folder}). ` +
  `Stop it, or choose another folder with --data.`;

const portInUse = (port: number) =>
  `Cổng ${port} đang được chương trình khác sử dụng. Hãy dừng chương trình đó, hoặc chọn cổng khác bằng ${options.port}.\n` +
  `Port ${port} is in use: stop the program that uses it, or choose another with --port.`;

/** Resolves with the port that was bound, or undefined where it is in use. */
function bind(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/** The port that was asked for; else the usual one, or a free one where another demo has it. @throws in words */
export async function choosePort(asked: string | undefined): Promise<number> {
  if (asked !== undefined) {
    const port = Number(asked);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`--port takes 0 to 65535, not "${asked}"`);
    if ((await bind(port, '127.0.0.1')) === undefined) throw new Error(portInUse(port));
    return port;
  }
  return (await bind(usualPort, '127.0.0.1')) ?? 0;
}

async function isFree(network: string, cameras: number): Promise<boolean> {
  const [a, b, c] = network.split('.');
  for (const last of new Set([1, Math.min(cameras, 250)])) {
    for (const port of Object.values(cameraPorts)) {
      if ((await bind(port, `${a}.${b}.${c}.${last}`)) === undefined) return false;
    }
  }
  return true;
}

/**
 * The network of this folder's cameras: what it was the last time, else a free one. Folders begin their search at
 * different networks, so that two demos that take turns do not choose the same. @throws in words
 */
export async function choosePlace(folder: string, cameras: number, usualFolder = 'demo-data'): Promise<DemoPlace> {
  const path = join(folder, 'demo.json');
  if (existsSync(path)) {
    const place = demoPlace.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (!(await isFree(place.network, cameras))) throw new Error(camerasInUse(folder, place.network));
    return place;
  }
  // A folder of before demos had a network of their own has its cameras at the usual one.
  const isUsual = folder.endsWith(`/${usualFolder}`) || existsSync(join(folder, 'console.sqlite'));
  const first = isUsual ? 0 : createHash('sha256').update(folder).digest().readUInt16BE(0) % networks;
  for (let step = 0; step < networks; step += 1) {
    const network = `127.${usualNetwork + ((first + step) % networks)}.0.0`;
    if (!(await isFree(network, cameras))) continue;
    writeFileSync(path, `${JSON.stringify({ network } satisfies DemoPlace)}\n`, { mode: 0o600 });
    return { network };
  }
  throw new Error(camerasInUse(folder, '127.66.0.0–127.250.0.0'));
}
