// The parameter sets of one stream by their ids, and which of them its pictures use.
import { videoParametersFrom } from './made-video-parameters.js';
import { pictureSetIds, pictureSetOfSlice, sequenceSetId } from './sequence-parameters.js';
import type { VideoCodec } from './video-codec.js';

/** Those of one sequence: what a sample entry holds. */
export interface SetsInUse {
  /** One, of H.265; else none. */
  readonly vps: readonly Buffer[];
  /** One. */
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
}

export type SetRole = 'vps' | 'sps' | 'pps';

interface PictureSet {
  readonly nal: Buffer;
  readonly sequenceSetId: number;
}

const mostBytes = 4096;
const mostOfARole = 16;

/** The newest comes last; the oldest goes where there are too many. */
function put<T>(map: Map<number, T>, id: number, value: T): void {
  map.delete(id);
  map.set(id, value);
  if (map.size <= mostOfARole) return;
  const [oldest] = map.keys();
  map.delete(oldest!);
}

export class ParameterSets {
  readonly #vps = new Map<number, Buffer>();
  readonly #sps = new Map<number, Buffer>();
  readonly #pps = new Map<number, PictureSet>();
  /** Of the newest keyframe. */
  #usedSps = -1;
  #changes = 0;
  /** A video parameter set in place of one that was not sent. */
  #made: { sps: Buffer; vps: Buffer } | undefined;

  constructor(private readonly codec: VideoCodec) {}

  /** Grows with each set that is new or other than before, and where another sequence begins. */
  get changes(): number {
    return this.#changes;
  }

  /** Keeps a copy; a set replaces the one of its id. False: known already, or damaged, and the camera repeats it. */
  keep(role: SetRole, nal: Buffer): boolean {
    if (nal.length > mostBytes || this.#isKnown(role, nal)) return false;
    try {
      if (role === 'vps') put(this.#vps, ((nal[2] ?? 0) >> 4) & 15, Buffer.from(nal));
      else if (role === 'pps') this.#keepPictureSet(nal);
      else this.#keepSequenceSet(nal);
    } catch {
      return false;
    }
    this.#changes += 1;
    return true;
  }

  #keepPictureSet(nal: Buffer): void {
    const { id, sequenceSetId: owner } = pictureSetIds(this.codec, nal);
    put(this.#pps, id, { nal: Buffer.from(nal), sequenceSetId: owner });
  }

  /** The picture sets of its forerunner go: what they mean depends on it, and the camera sends them with it. */
  #keepSequenceSet(nal: Buffer): void {
    const id = sequenceSetId(this.codec, nal);
    if (this.#sps.has(id)) for (const [own, set] of this.#pps) if (set.sequenceSetId === id) this.#pps.delete(own);
    put(this.#sps, id, Buffer.from(nal));
  }

  #isKnown(role: SetRole, nal: Buffer): boolean {
    if (role === 'pps') {
      for (const set of this.#pps.values()) if (set.nal.equals(nal)) return true;
      return false;
    }
    for (const set of (role === 'vps' ? this.#vps : this.#sps).values()) if (set.equals(nal)) return true;
    return false;
  }

  /** A keyframe begins with this slice: its sequence is the one in use. */
  use(slice: Buffer): void {
    let id: number | undefined;
    try {
      id = this.#pps.get(pictureSetOfSlice(this.codec, slice))?.sequenceSetId;
    } catch {
      return; // damaged: nothing else is known than before
    }
    if (id === undefined || id === this.#usedSps) return;
    this.#usedSps = id;
    this.#changes += 1;
  }

  /** The video parameter set in use is none of the camera's. */
  get isVpsMade(): boolean {
    return this.#made !== undefined && this.#vps.size === 0;
  }

  /** Undefined while something is missing. */
  inUse(): SetsInUse | undefined {
    const sps = this.#sps.get(this.#usedSps);
    const pps = [...this.#pps].filter(([, set]) => set.sequenceSetId === this.#usedSps).sort(([a], [b]) => a - b);
    if (sps === undefined || pps.length === 0) return undefined;
    const vps = this.codec === 'h264' ? [] : this.#vpsOf(sps);
    if (vps === undefined) return undefined;
    return { vps, sps: [sps], pps: pps.map(([, { nal }]) => nal) };
  }

  #vpsOf(sps: Buffer): Buffer[] | undefined {
    const vps = this.#vps.get((sps[2] ?? 0) >> 4) ?? this.#madeFrom(sps);
    return vps === undefined ? undefined : [vps];
  }

  /** Some cameras send none; one that comes later takes its place. */
  #madeFrom(sps: Buffer): Buffer | undefined {
    if (this.#made?.sps === sps) return this.#made.vps;
    try {
      this.#made = { sps, vps: videoParametersFrom(sps) };
      return this.#made.vps;
    } catch {
      return undefined; // damaged
    }
  }
}
