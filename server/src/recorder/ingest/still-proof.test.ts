// Moving scenes with equal keyframes are alive, still pictures are not, whatever the encoder makes of them.
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { scenes } from '../../../../scripts/camera-simulator/scenes/scene-catalogue.js';
import { startSimulator } from '../../../../scripts/camera-simulator/simulator.js';
import { fragmentsOf } from '../../../../test/harness/fake-footage.js';
import { systemClock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg, type Ffmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createIngestSupervisor } from './ingest-supervisor.js';
import { until } from './native/rtsp.test-harness.js';
import { createCompareDecoded, StillProof, verdictOf, type StillVerdict } from './still-proof.js';

const picture = { width: 320, height: 180, framesPerSecond: 10 };
const ffmpeg = createFfmpeg({ path: 'ffmpeg' });
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Twelve seconds of a scene, or of its first picture, with a bitrate that the encoder uses up either way. */
async function encoded(graph: string, still: boolean, gop: number, codec = 'libx264'): Promise<Buffer> {
  const held = still ? ',trim=end_frame=1,loop=loop=-1:size=1:start=0' : '';
  const keys = ['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0'];
  const rate = ['-b:v', '400k', '-maxrate', '400k', '-bufsize', '400k'];
  const quiet = codec === 'libx265' ? ['-x265-params', 'log-level=none'] : [];
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    [
      ...['-nostdin', '-v', 'error', '-filter_complex', `${graph}${held}[out]`, '-map', '[out]', '-frames:v', '120'],
      ...['-c:v', codec, '-preset', 'ultrafast', '-threads', '1', '-bf', '0', ...rate, ...keys, ...quiet],
      ...[
        '-movflags',
        '+frag_keyframe+empty_moov+default_base_moof',
        '-frag_duration',
        '1000000',
        '-f',
        'mp4',
        'pipe:1',
      ],
    ],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

/** The verdict over a stream of these fragments; `asked` before the first one. */
function judge(mp4: Buffer): Promise<StillVerdict> {
  const proof = new StillProof(createCompareDecoded(ffmpeg));
  const verdict = proof.prove();
  for (const fragment of fragmentsOf(mp4, 0).fragments) proof.take(fragment);
  proof.end();
  return verdict;
}

describe('what lies between equal keyframes', () => {
  it('moves in every scene of the simulator', async () => {
    const verdicts: [string, StillVerdict][] = [];
    for (const scene of scenes)
      verdicts.push([scene.name, await judge(await encoded(scene.graph(picture), false, 20))]);
    expect(verdicts).toEqual(scenes.map(({ name }) => [name, 'moved']));
  }, 120_000);

  it.each([
    ['x264, two seconds', 'libx264', 20],
    ['x264, longer than is looked at', 'libx264', 200],
    ['x265', 'libx265', 20],
  ])(
    'is still where only the encoder refines it: %s',
    async (_name, codec, gop) => {
      for (const index of [0, 1, 7])
        expect(await judge(await encoded(scenes[index]!.graph(picture), true, gop, codec)), scenes[index]!.name).toBe(
          'still',
        );
    },
    120_000,
  );

  it('is unknown where nothing can be decoded, where there is one picture alone, and where the stream ends', async () => {
    expect(await createCompareDecoded(ffmpeg)(Buffer.from('no film'))).toBe('unknown');
    expect(verdictOf(new Uint8Array(64 * 36))).toBe('unknown');
    expect(await judge(await encoded(scenes[0]!.graph(picture), false, 1))).toBe('unknown');
    const proof = new StillProof(() => Promise.reject(new Error('never')));
    const verdict = proof.prove();
    expect(await proof.prove()).toBe('unknown');
    proof.end();
    expect(await verdict).toBe('unknown');
  }, 60_000);

  it('is bounded: ten seconds of a group that lasts longer', async () => {
    let bytes = 0;
    const mp4 = await encoded(scenes[0]!.graph(picture), false, 1000);
    const proof = new StillProof((piece) => {
      bytes = piece.length;
      return Promise.resolve('moved');
    });
    const verdict = proof.prove();
    const { fragments } = fragmentsOf(mp4, 0);
    for (const fragment of fragments.slice(0, 10)) proof.take(fragment);
    expect(await verdict).toBe('moved');
    expect(bytes).toBeLessThan(mp4.length);
  }, 60_000);
});

it('a camera whose film repeats with its keyframe is alive while something moves in it', async () => {
  const simulator = await startSimulator({
    cameras: 1,
    network: '127.84.0.0',
    media: {
      main: { width: 320, height: 180, framesPerSecond: 10, bitrateKbps: 400, keyframeSeconds: 1, loopSeconds: 1 },
    },
  });
  stops.push(() => simulator.stop());
  const [camera] = simulator.cameras;
  let decoded = 0;
  const counting: Ffmpeg = {
    ...ffmpeg,
    run: (options) => ffmpeg.run(options).finally(() => (decoded += 1)),
  };
  const supervisor = createIngestSupervisor({
    rules: loopbackRules,
    ...{ clock: systemClock, logger: silentLogger, stallSeconds: 5, startStaggerMs: 0, ffmpeg: counting },
  });
  stops.push(() => supervisor.stop());
  let keyframes = 0;
  supervisor.subscribe('c', 'main', ({ independent }) => (keyframes += independent ? 1 : 0));
  const { rtspMainUrl: mainUrl, username, password } = camera!;
  supervisor.setCameras([{ cameraId: 'c', enabled: true, mainUrl, username, password }]);
  await supervisor.start();
  const reasons = new Set<string>();
  supervisor.onChange(() => reasons.add(supervisor.runtime('c')?.reason ?? ''));
  await until('the pictures between are decoded', () => decoded > 0, 30_000);
  const before = keyframes;
  await until('five more keyframes', () => keyframes >= before + 5, 30_000);
  expect(reasons).toEqual(new Set(['ok']));
  // The same camera, when it really hangs.
  await simulator.setFault(1, { kind: 'frozen' });
  await until('frozen', () => supervisor.runtime('c')?.reason === 'picture_frozen', 30_000);
}, 120_000);
