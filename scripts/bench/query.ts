/**
 * The console at years of data: every GET that the pages use and the changes that they make most, over HTTP, on SQLite
 * and PostgreSQL, as the people who ask it. For each the 95th percentile of its time, the longest stretch of work of the
 * console's own thread meanwhile, and the time on a core of console and database together, which says what it takes on a
 * machine that has nothing else to do.
 */
import { randomBytes } from 'node:crypto';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { roleMay, type Role } from '@choi-canh/shared/permissions';
import { secretHash } from '../../server/src/console/auth/secret-hash.js';
import { FakeRecorder } from '../../server/src/console/recorders/fake-recorder.js';
import { ManagedChild } from '../lib/child.js';
import { benchArguments } from './lib/arguments.js';
import { runBench, type Bench, type BenchResult } from './lib/bench.js';
import { buildServer, builtMain, root } from './lib/built-server.js';
import { cpuSecondsOf, percentile } from './lib/process-load.js';
import { ask, type Request } from './query/ask.js';
import { askedQueries, type Asked } from './query/asked.js';
import { askedChanges, type Changed } from './query/changed.js';
import { filledDatabase, recorderToken, type FilledDatabase } from './query/databases.js';
import { idOf, type DatasetSize } from './query/dataset.js';
import type { DatabaseKind } from './query/seed-sql.js';

const options = benchArguments('query', 'The console at years of data: each GET of the pages, SQLite and PostgreSQL.', {
  cameras: { kind: 'number', fallback: 5000, min: 10, max: 20_000, help: 'cameras in use' },
  intervals: {
    kind: 'number',
    fallback: 3650,
    min: 2,
    max: 10_000,
    help: 'state intervals of each camera in the year',
  },
  incidents: { kind: 'number', fallback: 200_000, min: 100, max: 1_000_000, help: 'incidents of the year' },
  audit: { kind: 'number', fallback: 1_000_000, min: 100, max: 5_000_000, help: 'audit records of the year' },
  accounts: { kind: 'number', fallback: 2000, min: 200, max: 20_000, help: 'accounts' },
  communes: { kind: 'number', fallback: 166, min: 2, max: 1000, help: 'communes under one province' },
  recorders: { kind: 'number', fallback: 10, min: 1, max: 200, help: 'recorders' },
  rounds: {
    kind: 'number',
    fallback: 20,
    min: 1,
    max: 1000,
    help: 'times that each query is asked and each change made',
  },
  only: { kind: 'text', help: 'sqlite or postgres; default both' },
  match: { kind: 'text', help: 'asks only queries whose name has this' },
});
const goals = { p95Ms: 150, blockMs: 50 };
const size: DatasetSize = {
  communes: options.communes,
  cameras: options.cameras,
  intervals: options.intervals,
  incidents: options.incidents,
  audit: options.audit,
  accounts: options.accounts,
  recorders: options.recorders,
};

interface Person {
  readonly name: string;
  readonly role: Role;
  readonly account: number;
  /** A commune within the scope. */
  readonly commune: number;
  readonly token: string;
}
interface Figure {
  readonly query: string;
  readonly database: DatabaseKind;
  readonly who: string;
  readonly p95Ms: number;
  readonly medianMs: number;
  readonly blockMs: number;
  /** On cores, of console, its threads and the database, for one of them. */
  readonly cpuMs: number;
  readonly bytes: number;
}

function people(): Person[] {
  const person = (name: string, role: Role, account: number): Person => ({
    ...{ name, role, account },
    commune: account < 2 ? 1 : account % size.communes,
    token: randomBytes(32).toString('base64url'),
  });
  return [
    person('administrator of everything', 'administrator', 0),
    person('administrator of the province', 'administrator', 1),
    person('officer of a commune', 'commune_officer', 12),
    person('technician of a commune', 'technician', 13),
  ];
}

/** Everybody signed in; recorders listen where they are looked for. */
async function prepare(database: FilledDatabase, signedIn: readonly Person[], recorders: readonly FakeRecorder[]) {
  const now = Date.now();
  for (const { account, token } of signedIn) {
    await database.run(
      `INSERT INTO session (id, token_hash, account_id, created_at, expires_at, address, user_agent)
       VALUES ('${crypto.randomUUID()}', '${secretHash(token)}', '${idOf.account(account)}', ${now}, ${now + 3_600_000}, '127.0.0.1', 'bench')`,
    );
  }
  for (const [index, { url }] of recorders.entries())
    await database.run(
      `UPDATE recorder SET url = '${url}', last_sequence = 0, last_seen_at = ${now} WHERE id = '${idOf.recorder(index)}'`,
    );
}

async function startRecorders(bench: Bench): Promise<FakeRecorder[]> {
  const recorders: FakeRecorder[] = [];
  for (let index = 0; index < size.recorders; index += 1) {
    const recorder = new FakeRecorder();
    recorder.token = recorderToken;
    for (let camera = 0; camera < size.cameras; camera += 1) {
      if ((camera % size.communes) % size.recorders !== index) continue;
      const cameraId = idOf.camera(camera);
      recorder.statuses.set(cameraId, {
        ...{ cameraId, state: 'alive', reason: 'ok', detail: '' },
        sinceAt: new Date(Date.now() - 60_000).toISOString(),
      });
    }
    await recorder.start();
    bench.onEnd('recorder', () => recorder.stop());
    recorders.push(recorder);
  }
  return recorders;
}

interface Console {
  readonly origin: string;
  /** Seconds on a core until now, of console and database. */
  cpuSeconds(): number;
  /** Longest stretch of work of the main thread since the last time it was asked, in ms. */
  blockMs(): Promise<number>;
}

async function startConsole(bench: Bench, database: FilledDatabase): Promise<Console> {
  const probe = pathToFileURL(join(import.meta.dirname, 'query/block-probe.mjs')).href;
  const child = new ManagedChild('console', ['--import', probe, builtMain, 'console'], {
    cwd: root,
    env: {
      ...process.env,
      CHOI_CANH_DATA_DIR: database.dataDir,
      CHOI_CANH_PORT: '0',
      CHOI_CANH_LOG_LEVEL: 'warn',
      CHOI_CANH_TLS: 'off',
      ...(database.url === undefined ? {} : { CHOI_CANH_DATABASE_URL: database.url }),
    },
  });
  bench.onEnd('console', () => child.stop());
  const { origin } = await child.message<{ origin: string }>('ready', 300_000);
  const serverPid = await database.serverPid();
  const pids = [child.process.pid, serverPid].filter((pid) => pid !== undefined);
  return {
    origin,
    cpuSeconds: () => cpuSecondsOf(pids),
    blockMs: async () => {
      const answer = child.message<{ mostMs: number }>('block-probe', 60_000);
      child.process.send({ type: 'block-probe' });
      return (await answer).mostMs;
    },
  };
}

/** Its start, and what the recorders report at first, is not of the queries. @returns seconds waited */
async function quiet(bench: Bench, running: Console): Promise<number> {
  const startedAtMs = performance.now();
  for (let calm = 0; calm < 2 && performance.now() - startedAtMs < 60_000;) {
    await running.blockMs();
    await bench.sleep(2000);
    calm = (await running.blockMs()) < goals.blockMs / 2 ? calm + 1 : 0;
  }
  return Math.round((performance.now() - startedAtMs) / 1000);
}

type Measured = Omit<Figure, 'database' | 'who' | 'query'>;

async function measured(bench: Bench, running: Console, who: Person, requestOf: (time: number) => Request) {
  await ask(running.origin, requestOf(0), who.token, bench.signal);
  await running.blockMs();
  const times: number[] = [];
  let bytes = 0;
  const cpuBefore = running.cpuSeconds();
  for (let round = 1; round <= options.rounds; round += 1) {
    const answer = await ask(running.origin, requestOf(round), who.token, bench.signal);
    times.push(answer.tookMs);
    bytes = answer.bytes;
  }
  const cpuMs = ((running.cpuSeconds() - cpuBefore) / options.rounds) * 1000;
  const tenth = (value: number) => Math.round(value * 10) / 10;
  return {
    p95Ms: tenth(percentile(times, 0.95)),
    medianMs: tenth(percentile(times, 0.5)),
    blockMs: tenth(await running.blockMs()),
    cpuMs: tenth(cpuMs),
    bytes,
  } satisfies Measured;
}

async function measureQuery(bench: Bench, running: Console, who: Person, asked: Asked): Promise<Measured | undefined> {
  let path: string | undefined = asked.path;
  if (asked.then !== undefined) {
    const first = await ask(running.origin, { path }, who.token, bench.signal);
    path = asked.then(first.json() as { nextCursor?: string | null });
  }
  if (path === undefined) return undefined;
  const request = { path };
  return measured(bench, running, who, () => request);
}

/** The first of them is made once more beforehand: the others are about what it made. */
async function measureChanges(
  bench: Bench,
  running: Console,
  who: Person,
  say: (name: string, figure: Measured) => void,
): Promise<void> {
  const all = askedChanges(size, who.account, who.commune, randomBytes(4).toString('hex')).filter((one) =>
    may(who, one),
  );
  const [entered] = all;
  const first = entered?.needs === 'incident.edit' ? entered.request(0, {}) : undefined;
  const made = first && (await ask(running.origin, first, who.token, bench.signal)).json();
  for (const { name, request } of all) {
    if (!matches(name)) continue;
    say(name, await measured(bench, running, who, (time) => request(time, made ?? {})));
  }
}

const may = (who: Person, { needs }: Asked | Changed) => needs === 'signed_in' || roleMay(who.role, needs);
const matches = (name: string) => options.match === undefined || name.includes(options.match);

async function measureOn(bench: Bench, kind: DatabaseKind): Promise<Figure[]> {
  const mark = bench.mark();
  const cache = options.folder ?? join(tmpdir(), 'choi-canh-bench-query');
  const database = await filledDatabase(bench, kind, cache, size);
  const recorders = await startRecorders(bench);
  const all = people();
  await prepare(database, all, recorders);
  const running = await startConsole(bench, database);
  bench.say(`${kind}: quiet after ${await quiet(bench, running)} s`);
  const figures: Figure[] = [];
  for (const who of all) {
    const note = (query: string, figure: Measured) => {
      figures.push({ query, database: kind, who: who.name, ...figure });
      const isOver = figure.p95Ms > goals.p95Ms || figure.blockMs > goals.blockMs;
      bench.say(
        `${isOver ? '!' : ' '} ${kind.padEnd(8)} ${figure.p95Ms.toFixed(1).padStart(8)} ms p95 ${figure.medianMs.toFixed(1).padStart(8)} median ${figure.cpuMs.toFixed(1).padStart(7)} cpu ${figure.blockMs.toFixed(1).padStart(7)} block  ${query} · ${who.name}`,
      );
    };
    for (const asked of askedQueries(size, who.commune, who.account > 1)) {
      if (!may(who, asked) || !matches(asked.name)) continue;
      const figure = await measureQuery(bench, running, who, asked);
      if (figure !== undefined) note(asked.name, figure);
    }
    await measureChanges(bench, running, who, note);
  }
  await bench.endSince(mark);
  return figures;
}

async function main(bench: Bench): Promise<BenchResult> {
  await buildServer(bench.say, bench.signal);
  const kinds = (['sqlite', 'postgres'] as const).filter((kind) => options.only === undefined || options.only === kind);
  const measuredOn: Figure[] = [];
  for (const kind of kinds) measuredOn.push(...(await measureOn(bench, kind)));
  const isChange = new Set(askedChanges(size, 0, 0, '').map(({ name }) => name));
  const figures = measuredOn.filter(({ query }) => !isChange.has(query));
  const changes = measuredOn.filter(({ query }) => isChange.has(query));
  const p95MsMax = Math.max(0, ...figures.map(({ p95Ms }) => p95Ms));
  const loopBlockMsMax = Math.max(0, ...figures.map(({ blockMs }) => blockMs));
  const over = figures.filter(({ p95Ms, blockMs }) => p95Ms > goals.p95Ms || blockMs > goals.blockMs);
  bench.say(
    `Slowest p95 ${p95MsMax} ms, longest block ${loopBlockMsMax} ms; ${over.length} of ${figures.length} over ${goals.p95Ms} or ${goals.blockMs} ms.`,
  );
  return {
    json: {
      bench: 'query',
      ...size,
      rounds: options.rounds,
      databases: kinds,
      load: Number(loadavg()[0]?.toFixed(1)),
      p95MsMax,
      loopBlockMsMax,
      cpuMsMax: Math.max(0, ...figures.map(({ cpuMs }) => cpuMs)),
      queries: figures,
      changeP95MsMax: Math.max(0, ...changes.map(({ p95Ms }) => p95Ms)),
      changeLoopBlockMsMax: Math.max(0, ...changes.map(({ blockMs }) => blockMs)),
      changes,
    },
  };
}

await runBench({ name: 'query', json: options.json, limitMs: 60 * 60_000 }, main);
