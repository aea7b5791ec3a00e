/** What processes and all their descendants use, from /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** USER_HZ: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Of the process and of its children that were waited for. */
  readonly cpuSeconds: number;
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // it ended meanwhile
  }
}

function statOf(pid: number): Stat | undefined {
  const text = readOrNothing(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return { pid, parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
}

/** The processes `roots` and all below them. */
function treeOf(roots: readonly number[]): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const children = new Map<number, Stat[]>();
  for (const stat of all) children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat]);
  const wanted = new Set(roots);
  const found: Stat[] = all.filter(({ pid }) => wanted.has(pid));
  for (let index = 0; index < found.length; index++)
    for (const child of children.get(found[index]!.pid) ?? []) if (!wanted.has(child.pid)) found.push(child);
  return found;
}

/** CPU seconds used so far, those of ended and reaped descendants included. */
export function cpuSecondsOf(roots: readonly number[]): number {
  return treeOf(roots).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

/** Proportional set size: memory that several processes share is divided among them. */
export function pssOf(roots: readonly number[]): { bytes: number; processes: number } {
  const tree = treeOf(roots);
  let bytes = 0;
  for (const { pid } of tree) bytes += kilobytes(readOrNothing(`/proc/${pid}/smaps_rollup`) ?? '', 'Pss') * 1024;
  return { bytes, processes: tree.length };
}

/** Of the whole machine since boot. */
function busySeconds(): number {
  const fields = (readOrNothing('/proc/stat') ?? '').split('\n', 1)[0]!.trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields;
  return (user + nice + system + irq + softirq) / ticksPerSecond;
}

export interface Load {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Mean of the samples. */
  readonly pssBytes: number;
  readonly pssPeakBytes: number;
  readonly processes: number;
  /** Share of all cores that everything on the machine used, 0 to 100. */
  readonly machineBusyPercent: number;
  readonly samples: readonly { atMs: number; pssBytes: number }[];
}

/** Measures for `seconds`; `afterSample` is called with each sample's memory. */
export async function measureLoad(
  roots: readonly number[],
  seconds: number,
  sleep: (ms: number) => Promise<void>,
  sampleMs = Math.max(500, Math.min(5000, (seconds * 1000) / 6)),
): Promise<Load> {
  const startMs = performance.now();
  const busyAtStart = busySeconds();
  const cpuAtStart = cpuSecondsOf(roots);
  const samples: { atMs: number; pssBytes: number }[] = [];
  const endMs = startMs + seconds * 1000;
  let processes = 0;
  while (performance.now() < endMs) {
    await sleep(Math.min(sampleMs, Math.max(1, endMs - performance.now())));
    const pss = pssOf(roots);
    processes = pss.processes;
    samples.push({ atMs: performance.now() - startMs, pssBytes: pss.bytes });
  }
  const wallSeconds = (performance.now() - startMs) / 1000;
  return {
    wallSeconds,
    cpuSeconds: cpuSecondsOf(roots) - cpuAtStart,
    pssBytes: samples.reduce((sum, one) => sum + one.pssBytes, 0) / samples.length,
    pssPeakBytes: Math.max(...samples.map((one) => one.pssBytes)),
    processes,
    machineBusyPercent: ((busySeconds() - busyAtStart) / wallSeconds / cpus().length) * 100,
    samples,
  };
}

/** Least squares, units of y a unit of x. */
export function slope(points: readonly { x: number; y: number }[]): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** `share` from 0 to 1; NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
