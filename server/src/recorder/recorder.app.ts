import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { instantFromMs } from '@choi-canh/shared/common';
import type { Config } from '../config.js';
import { AddressRules } from '../lib/address-rules.js';
import type { Clock } from '../lib/clock.js';
import { AppError, errorMessage } from '../lib/errors.js';
import { ownNetworks } from '../lib/ipv4-networks.js';
import type { Logger } from '../lib/logger.js';
import { createTurnPacer, type Hurry } from '../lib/turn-pacer.js';
import { createFfmpeg } from '../platform/ffmpeg/ffmpeg.js';
import { FfmpegWatch } from './ffmpeg-watch.js';
import { isLoopback } from '../platform/http/tls.js';
import { loadKeyFile } from '../platform/objects/private-file.js';
import { createOnvif } from '../platform/onvif/onvif.js';
import { createChain } from './chain/chain.js';
import { ClockOffsetsStore } from './clock-offsets.store.js';
import { DesiredStateStore } from './desired-state.store.js';
import { DeviceEventsStore } from './device-events/device-events.store.js';
import { EventWatch } from './device-events/event-watch.js';
import { StreamProbe } from './ingest/stream-probe.js';
import { DigestStore } from './digest.store.js';
import { createDiscoveryJobs } from './discovery/discovery-jobs.js';
import { createExtraction } from './extraction/extraction.js';
import { describeClosedFile } from './footage/footage-chain.js';
import { diskOnVolume, diskWithThread } from './footage/footage-disk.js';
import { createFootageStore } from './footage/footage-store.js';
import { FootageVolume, type FootageVolumeState } from './footage/footage-volume.js';
import { takeFootageDir } from './footage/take-footage-dir.js';
import { createWriteThread } from './footage/write-thread.js';
import { HoldKeeper } from './hold-keeper.js';
import { AccountLocks } from './account-locks.js';
import { DevicePasswords } from './device-passwords.js';
import { createIngestSupervisor, type IngestSupervisor } from './ingest/ingest-supervisor.js';
import { createLive } from './live/live.js';
import { createLiveConverter } from './live/live-converter.js';
import { Outbox } from './outbox.js';
import { createKeyframePictures } from './playback/keyframe-pictures.js';
import { createPlayback } from './playback/playback.js';
import { CameraRetries } from './probing/camera-retries.js';
import { createProbing, type ProbedCamera, type Probing } from './probing/probing.js';
import type { RecorderPairing } from './pairing/recorder-pairing.js';
import { pairingRoutes } from './pairing-routes.js';
import { createRecorderHttp, type RecorderAccess, type RecorderRoute } from './recorder-http.js';
import { recorderRoutes } from './recorder-routes.js';
import { createRecorderStatus } from './recorder-status.js';
import { confirmedHostsOf, otherConsole, RecordingDirector } from './recording-director.js';
import { StreamsStore } from './streams.store.js';
import { createTranscodes } from './transcoding/transcodes.js';
import { createWaitingRecorder } from './waiting-recorder.js';

export interface RecorderAppOptions {
  config: Pick<
    Config,
    | 'DATA_DIR'
    | 'FOOTAGE_DIR'
    | 'FFMPEG_PATH'
    | 'RECORDER_HOST'
    | 'RECORDER_PORT'
    | 'MIN_FREE_GB'
    | 'FOOTAGE_FILE_SECONDS'
    | 'SYNC_SECONDS'
    | 'STALL_SECONDS'
    | 'START_STAGGER_MS'
    | 'DISCOVERY_INTERFACES'
    | 'DISCOVERY_PORT'
    | 'ALLOWED_ADDRESSES'
    | 'ENGINE'
    | 'MAX_TRANSCODES'
  >;
  clock: Clock;
  logger: Logger;
  /** How it knows its console: by the token of the console that started it, on loopback alone, or by the key it is paired with. */
  access: { token: string } | { pairing: RecorderPairing };
  /** 32 bytes that seal the desired state; default: `DATA_DIR/keys/recorder-state.key`, made with mode 0600. */
  secretKey?: Buffer;
  /** Between two looks at a camera through ONVIF; default 60 s. */
  onvifIntervalMs?: number;
  /** The footage volume went away while it was recorded to: this process must end at once, and may be started again. */
  onVolumeLost: () => void;
}

export interface RecorderApp {
  /**
   * Records from the last desired state at once, then listens. Without its footage volume it listens, records nothing and
   * begins when the volume is there. @throws when the disk or the port cannot be had.
   */
  start(): Promise<{ url: string }>;
  /** Closes footage files, ends children, keeps what is queued. */
  stop(): Promise<void>;
}

/** With fewer cameras a loop that wakes for each of their packets costs little. */
const manyCameras = 24;
/** What cameras send meanwhile is read together: of most a picture or two. */
const turnMs = 100;
/** … while somebody looks at what cameras show now. */
const watchedTurnMs = 25;
const volumeLookMs = 1000;
/** After a start that failed although the volume is there. */
const startRetryMs = 5000;

/**
 * The recorder: owns footage and all talk with cameras, needs nobody to go on recording. Here its rooms are put together;
 * what each does stands in its own folder.
 */
export function createRecorderApp(options: RecorderAppOptions): RecorderApp {
  const { config, clock, logger, access } = options;
  const folder = join(config.DATA_DIR, 'recorder');
  const keysDirectory = join(config.DATA_DIR, 'keys');
  const room = (name: string) => logger.child({ room: name });
  const volume = new FootageVolume({ directory: config.FOOTAGE_DIR, folder, logger: room('footage') });
  const startedAt = instantFromMs(clock.nowMs());
  const ending = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  /** Stays when a free port was asked for: the console knows it by then. */
  let port = config.RECORDER_PORT;
  /** Since when this process has waited for its footage volume, UTC ms. */
  let waitedSinceMs = Infinity;
  /** What was started, to be stopped in reverse. */
  const started: { name: string; stop(): Promise<void> | void }[] = [];

  async function run<T extends { stop(): Promise<void> | void }>(
    name: string,
    part: T,
    start: () => unknown,
  ): Promise<T> {
    started.push({ name, stop: () => part.stop() });
    await start();
    return part;
  }

  async function stopParts(): Promise<void> {
    for (const part of started.splice(0).reverse()) {
      try {
        await part.stop();
      } catch (error) {
        logger.error({ part: part.name, error: errorMessage(error) }, 'a part of the recorder did not stop cleanly');
      }
    }
  }

  async function stop(): Promise<void> {
    ending.abort(new Error('stopped'));
    await watching;
    await stopParts();
  }

  async function listen(given: {
    routes: RecorderRoute[];
    cameraCount: () => number;
    refuseOther: (consoleId: string) => void;
    hurry?: Hurry;
  }): Promise<{ url: string }> {
    const { routes, cameraCount, refuseOther, hurry } = given;
    const open = 'pairing' in access ? pairingRoutes(access.pairing, cameraCount) : [];
    const http = createRecorderHttp({
      access: httpAccess(access, config.RECORDER_HOST),
      host: config.RECORDER_HOST,
      port,
      logger: room('http'),
      ...(hurry === undefined ? {} : { hurry }),
      refuseOther,
      routes: [...open, ...routes],
    });
    let url = '';
    await run('http', http, async () => {
      ({ url } = await http.start());
    });
    port = Number(new URL(url).port);
    return { url };
  }

  const stateKey = () => options.secretKey ?? loadKeyFile(join(keysDirectory, 'recorder-state.key'));

  function openOutbox(): Outbox {
    const outbox = new Outbox({ path: join(folder, 'outbox.sqlite'), clock, logger: room('outbox') });
    started.push({ name: 'outbox', stop: () => outbox.close() });
    return outbox;
  }

  async function start(): Promise<{ url: string }> {
    const state = await volume.open();
    return state === 'mounted' ? startRecording() : startWaiting(state);
  }

  /** Nothing is written to the footage folder, which may be the mount point on another disk. */
  async function startWaiting(state: Exclude<FootageVolumeState, 'mounted'>): Promise<{ url: string }> {
    const problem = state === 'missing' ? 'is not mounted' : 'is another one than before';
    logger.error({ directory: config.FOOTAGE_DIR }, `the footage volume ${problem}: nothing is recorded`);
    waitedSinceMs = Math.min(waitedSinceMs, clock.nowMs());
    const seen = { state };
    const store = new DesiredStateStore({ folder, key: await stateKey(), logger: room('desired-state') });
    const stored = await store.load();
    const routes = await createWaitingRecorder({
      ...{ volume, clock, startedAt, keysDirectory, outbox: openOutbox() },
      state: () => seen.state,
      revision: stored?.state.revision ?? 0,
      consoleId: stored?.state.consoleId ?? null,
      cameras: stored?.state.cameras ?? [],
    });
    const followed = stored?.state.consoleId ?? null;
    const listening = await listen({
      routes,
      cameraCount: () => stored?.state.cameras.length ?? 0,
      refuseOther: (consoleId) => {
        if (followed !== null && followed !== consoleId) throw otherConsole();
      },
    });
    watching = untilMounted(seen);
    return listening;
  }

  async function untilMounted(seen: { state: Exclude<FootageVolumeState, 'mounted'> }): Promise<void> {
    const { signal } = ending;
    const pause = (ms: number) => clock.sleep(ms, signal).catch(() => undefined);
    for (;;) {
      await pause(volumeLookMs);
      if (signal.aborted) return;
      const state = await volume.state();
      if (state === 'mounted') break;
      seen.state = state;
    }
    logger.info({ directory: config.FOOTAGE_DIR }, 'the footage volume is there: recording begins');
    await stopParts();
    while (!signal.aborted) {
      try {
        await startRecording();
        return;
      } catch (error) {
        logger.error({ error: errorMessage(error) }, 'the recorder could not begin to record');
        await stopParts();
        await pause(startRetryMs);
      }
    }
  }

  async function whileMounted(): Promise<void> {
    const { signal } = ending;
    for (let misses = 0; misses < 2;) {
      await clock.sleep(volumeLookMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      misses = (await volume.state()) === 'mounted' ? 0 : misses + 1;
    }
    logger.error({ directory: config.FOOTAGE_DIR }, 'the footage volume went away');
    options.onVolumeLost();
  }

  async function startRecording(): Promise<{ url: string }> {
    started.push({ name: 'footage-folder', stop: await takeFootageDir(config.FOOTAGE_DIR, clock) });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await volume.mark();
    const key = await stateKey();

    const pacer = createTurnPacer({
      turnMs: () => (live.streams().length > 0 ? watchedTurnMs : turnMs),
      mayPause: () => director.cameras.length >= manyCameras && !ingest.isCrowded(),
    });
    const { hurry } = pacer;

    const ffmpeg = createFfmpeg({ path: config.FFMPEG_PATH });
    const ffmpegWatch = new FfmpegWatch({ ffmpeg, clock, logger: room('ffmpeg') });
    await run('ffmpeg', ffmpegWatch, () => ffmpegWatch.start());
    const rules = new AddressRules(config.ALLOWED_ADDRESSES);
    const networks = () => ownNetworks(config.DISCOVERY_INTERFACES);
    const onvif = createOnvif({
      clock,
      rules,
      logger: room('onvif'),
      interfaces: config.DISCOVERY_INTERFACES,
      discoveryPort: config.DISCOVERY_PORT,
    });
    const outbox = openOutbox();
    const chain = createChain({
      directory: config.FOOTAGE_DIR,
      keysDirectory,
      clock,
      logger: room('chain'),
      describe: (path) => describeClosedFile(config.FOOTAGE_DIR, path),
      onRecord: (record) => outbox.append([{ type: 'chain.heads', record }]),
    });
    // Before footage, which enters what it recovers; stopped after it, when the last files are entered.
    await run('chain', chain, () => chain.start());
    const writing = createWriteThread({ atTurnEnd: pacer.atTurnEnd, logger: room('footage') });
    started.push({ name: 'writing', stop: () => writing.stop() });
    const footage = createFootageStore({
      directory: config.FOOTAGE_DIR,
      clock,
      logger: room('footage'),
      disk: diskOnVolume(diskWithThread(writing), () => volume.requireMounted()),
      hurry,
      fileSeconds: config.FOOTAGE_FILE_SECONDS,
      syncSeconds: config.SYNC_SECONDS,
      chain,
      // While it waited for its volume it ran: its cameras were paused for that reason.
      onAbsence: ({ fromMs, toMs }) => {
        const to = instantFromMs(Math.max(fromMs, Math.min(toMs, waitedSinceMs)));
        outbox.append([{ type: 'recorder.stopped', from: instantFromMs(fromMs), to }], true);
      },
    });
    await run('footage', footage, () => footage.start());
    chain.watch();
    const digests = new DigestStore({ folder, logger: room('digests') });
    await run('digests', digests, () => digests.start());
    const onvifDigests = new DigestStore({ folder, file: 'digest-onvif.json', logger: room('digests') });
    await run('onvif-digests', onvifDigests, () => onvifDigests.start());
    /** To a camera that takes nothing else, and never took it as a digest over ONVIF. */
    const mayGoPlain = ({
      cameraId,
      plainPassword = true,
    }: {
      cameraId: string;
      plainPassword?: boolean | undefined;
    }) => plainPassword && !onvifDigests.tookBefore(cameraId, director.passwordTypedAt(cameraId));
    const ingestEngines = config.ENGINE === 'auto' ? (['native', 'ffmpeg'] as const) : [config.ENGINE];
    const streams = new StreamsStore({ folder, logger: room('streams') });
    await run('streams', streams, () => streams.start());
    const locks = new AccountLocks(clock);
    const passwords = {
      rtsp: new DevicePasswords({
        ...{ clock, locks, pausesMs: [50_000, 590_000] },
        onTakenAgain: (cameraIds) => {
          for (const cameraId of cameraIds) {
            passwords.onvif.forgive(cameraId);
            ingest.retryNow(cameraId);
          }
        },
      }),
      onvif: new DevicePasswords({
        ...{ clock, locks, pausesMs: [7000, 590_000] },
        onTakenAgain: (cameraIds) => cameraIds.forEach((cameraId) => probing.lookNow(cameraId)),
      }),
    };
    const ingest: IngestSupervisor = createIngestSupervisor({
      passwords: passwords.rtsp,
      memory: streams,
      isFfmpegUsable: () => ffmpegWatch.condition().problem === null,
      footage,
      ffmpeg,
      clock,
      rules,
      digests,
      logger: room('ingest'),
      stallSeconds: config.STALL_SECONDS,
      startStaggerMs: config.START_STAGGER_MS,
      engines: ingestEngines,
      askForKeyframe: async (cameraId, stream) => {
        const camera = director.cameras.find((candidate) => candidate.id === cameraId);
        const token = stream === 'main' ? camera?.mainProfileToken : camera?.subProfileToken;
        if (camera !== undefined && camera.mainUrl === undefined && typeof token === 'string')
          await onvif.requestKeyframe(
            camera.deviceAddress,
            { ...camera, confirmedHosts: confirmedHostsOf(camera), plainPassword: mayGoPlain({ ...camera, cameraId }) },
            token,
          );
      },
    });
    await run('ingest', ingest, () => ingest.start());
    const streamProbe = new StreamProbe({ clock, rules, ffmpeg, engines: ingestEngines });

    const clockOffsets = new ClockOffsetsStore({ folder, clock, logger: room('clock-offsets') });
    await run('clock-offsets', clockOffsets, () => clockOffsets.start());
    const holds = new HoldKeeper(footage.holds);
    const probing: Probing = createProbing({
      passwords: passwords.onvif,
      onvif,
      digests: onvifDigests,
      ingest,
      clockOffsets,
      clock,
      logger: room('probing'),
      ...(options.onvifIntervalMs === undefined ? {} : { onvifIntervalMs: options.onvifIntervalMs }),
      onStatuses: (statuses) => outbox.append(statuses.map((status) => ({ type: 'camera.state', status }))),
      onAddresses: (cameraId, addresses) => director.setAddresses(cameraId, addresses),
    });
    const deviceEvents = new DeviceEventsStore({ folder, logger: room('device-events') });
    await run('device-events', deviceEvents, () => deviceEvents.start());
    const eventWatch = new EventWatch({
      ...{ clock, logger: room('device-events') },
      subscribe: (address, access, signal) =>
        onvif.subscribe(address, { ...access, plainPassword: mayGoPlain(access) }, signal),
      isSignedIn: (cameraId) => probing.isSignedIn(cameraId),
      append: (cameraId, event) => deviceEvents.append(cameraId, event),
    });
    const director: RecordingDirector = new RecordingDirector({
      store: new DesiredStateStore({ folder, key, logger: room('desired-state') }),
      footage,
      ingest,
      accounts: (cameras) => {
        locks.setCameras(cameras);
        passwords.rtsp.setCameras(cameras);
        passwords.onvif.setCameras(cameras);
      },
      watch: (cameras: ProbedCamera[]) => {
        probing.setCameras(cameras);
        eventWatch.setCameras(cameras.filter((camera) => camera.hasOnvif));
        const ids = new Set(cameras.map(({ cameraId }) => cameraId));
        digests.keepOnly(ids);
        streams.keepOnly(ids);
        onvifDigests.keepOnly(ids);
      },
      clock,
      logger: room('desired-state'),
      defaultMinFreeBytes: Math.round(config.MIN_FREE_GB * 1e9),
    });
    await run('director', director, () => director.start());
    await run('probing', probing, () => probing.start());
    await run('event-watch', eventWatch, () => eventWatch.start());

    const pictures = createKeyframePictures({ ffmpeg });
    const extraction = createExtraction({
      footage,
      protection: holds,
      dir: join(folder, 'extractions'),
      ffmpeg,
      clock,
      hurry,
      logger: room('extraction'),
    });
    extraction.onChange((status) => outbox.append([{ type: 'extraction.state', extraction: status }]));
    await run('extraction', extraction, () => extraction.start());
    const transcodes = createTranscodes({ ffmpeg, limit: config.MAX_TRANSCODES, logger: room('transcoding') });
    const converter = createLiveConverter({ places: transcodes, footage, ingest, clock, logger: room('live') });
    const live = createLive({ footage, ingest, pictures, converter, clock, logger: room('live') });
    await run('live', live, () => undefined);
    const discovery = createDiscoveryJobs({
      finder: onvif,
      networks,
      rules,
      clock,
      logger: room('discovery'),
    });
    await run('discovery', discovery, () => undefined);

    const status = createRecorderStatus({
      startedAt,
      directory: config.FOOTAGE_DIR,
      networks,
      clock,
      logger,
      director,
      probing,
      clockOffsets,
      ingest,
      footage,
      holds,
      chain,
      outbox,
      ffmpeg: ffmpegWatch,
      live: { transcodes: () => ({ running: transcodes.running, limit: transcodes.limit }) },
    });
    const { url } = await listen({
      routes: recorderRoutes({
        status,
        director,
        holds,
        outbox,
        retellStates: () => {
          const statuses = director.cameras.flatMap((camera) => probing.status(camera.id) ?? []);
          outbox.append(statuses.map((one) => ({ type: 'camera.state', status: one })));
        },
        discovery,
        identify: onvif.identify,
        snapshot: onvif.snapshot,
        deviceEvents: (cameraId, fromMs, toMs) => deviceEvents.page(cameraId, fromMs, toMs),
        probeStream: (stream, signal) => streamProbe.probe(stream, signal),
        tlsKey: onvif.tlsKey,
        footage,
        playback: createPlayback({ footage, pictures, converter: transcodes }),
        live,
        clock,
        logger: room('live'),
        chain,
        retries: new CameraRetries({
          ...{ director, probing, clock },
          ingest: {
            runtime: (cameraId) => ingest.runtime(cameraId),
            retryNow: (cameraId) => {
              passwords.rtsp.forgive(cameraId);
              ingest.retryNow(cameraId);
            },
          },
        }),
        requireCamera: (cameraId) => {
          if (director.cameras.some((camera) => camera.id === cameraId)) return;
          throw new AppError('not_found', 'no_such_camera', `no camera ${cameraId} here`);
        },
        extraction,
      }),
      cameraCount: () => director.cameras.length,
      refuseOther: (consoleId) => director.refuseOther(consoleId),
      hurry,
    });
    await run('turns', pacer, () => pacer.start());
    watching = whileMounted();
    logger.info({ url, cameras: director.cameras.length }, 'the recorder runs');
    return { url };
  }

  return {
    async start() {
      try {
        return await start();
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}

/** @throws AppError precondition `plain_http_off_loopback` */
function httpAccess(access: RecorderAppOptions['access'], host: string): RecorderAccess {
  if ('pairing' in access) {
    const { pairing } = access;
    return {
      ...{ kind: 'keys', cert: pairing.certificate.cert, key: pairing.certificate.key },
      isConsole: (fingerprint) => pairing.isConsole(fingerprint),
    };
  }
  if (isLoopback(host)) return { kind: 'token', token: access.token };
  throw new AppError(
    'precondition',
    'plain_http_off_loopback',
    `the recorder beside a console listens on loopback only, not on ${host}; to reach it from another machine, run "choi-canh recorder" by itself and pair it`,
  );
}
