/** Command line of the camera simulator: options, one line of JSON when it is ready, signals. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { cameraKindSchema } from './camera-kind.js';
import { fleetNames, type FleetName } from './fleet.js';
import { startSimulator, type SimulatorOptions } from './simulator.js';

const usage = `npm run camera-simulator -- [options]
  --fleet chi-dam|cam-thuy     66 cameras of Chí Đám (default) or 515 of Cẩm Thủy
  --cameras <n>                only the first n
  --host <address>             interface for multicast and control API (default 127.0.0.1)
  --addressing distinct|shared an address for each camera (default), or one for all and a port for each
  --network <address>          first address of the cameras' network (default: the fleet's own)
  --http-port, --rtsp-port, --discovery-port, --control-port <port>
                               default 3702 for discovery; else 0, which picks a free one
  --bitrate-kbps <n>           of the main streams
  --width <n> --height <n> --fps <n>
                               of the main streams
  --frame-code                 the number of each picture in its loop is drawn into it
  --kinds <json>               cameras of other kinds, by number: {"3":{"codec":"h265"}}; see camera-kind.ts
  --cache <folder>             where encoded scenes are kept
  --ffmpeg <path>
The password of the commune is taken from the environment: CHOI_CANH_SIMULATOR_PASSWORD.`;

const kindsSchema = z.record(z.coerce.number().int(), cameraKindSchema);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fleet: { type: 'string', default: 'chi-dam' },
      cameras: { type: 'string' },
      host: { type: 'string' },
      addressing: { type: 'string' },
      network: { type: 'string' },
      'http-port': { type: 'string' },
      'rtsp-port': { type: 'string' },
      'discovery-port': { type: 'string', default: '3702' },
      'control-port': { type: 'string' },
      'bitrate-kbps': { type: 'string' },
      width: { type: 'string' },
      height: { type: 'string' },
      fps: { type: 'string' },
      'frame-code': { type: 'boolean' },
      kinds: { type: 'string' },
      cache: { type: 'string' },
      ffmpeg: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const number = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw new RangeError(`--${name} takes a number, not "${text}"`);
    return value;
  };
  if (!fleetNames.includes(values.fleet as FleetName)) throw new RangeError(`there is no fleet "${values.fleet}"`);
  if (values.addressing !== undefined && !['distinct', 'shared'].includes(values.addressing)) {
    throw new RangeError(`--addressing is distinct or shared, not "${values.addressing}"`);
  }
  const options: SimulatorOptions = given({
    fleet: values.fleet as FleetName,
    cameras: number('cameras', values.cameras),
    host: values.host,
    addressing: values.addressing as SimulatorOptions['addressing'],
    network: values.network,
    httpPort: number('http-port', values['http-port']),
    rtspPort: number('rtsp-port', values['rtsp-port']),
    discoveryPort: number('discovery-port', values['discovery-port']),
    controlPort: number('control-port', values['control-port']),
    password: process.env.CHOI_CANH_SIMULATOR_PASSWORD,
    kinds: values.kinds === undefined ? undefined : kindsSchema.parse(JSON.parse(values.kinds)),
    cacheFolder: values.cache,
    ffmpegPath: values.ffmpeg ?? process.env.CHOI_CANH_FFMPEG_PATH,
    media: {
      main: given({
        bitrateKbps: number('bitrate-kbps', values['bitrate-kbps']),
        width: number('width', values.width),
        height: number('height', values.height),
        framesPerSecond: number('fps', values.fps),
        frameCode: values['frame-code'],
      }),
    },
    onProgress: (prepared: number, total: number) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${prepared} of ${total} cameras prepared `);
      if (process.stderr.isTTY && prepared === total) process.stderr.write('\n');
    },
  });
  const abort = new AbortController();
  const starting = startSimulator({ ...options, signal: abort.signal });
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    abort.abort();
    starting
      .then((simulator) => simulator.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);

  const { cameras, control, discovery } = await starting;
  const listed = cameras.map(({ number, name, deviceAddress }) => ({ number, name, deviceAddress }));
  console.log(JSON.stringify({ ready: true, control: control.url, discovery, cameras: listed }));
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the keys that were not given. */
function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
