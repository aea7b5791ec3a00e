import { withMarkIn, withMarkOut, type MarkResult, type Marks } from './marks.js';
import type { ReviewEngine } from './review-engine.js';
import type { ReviewCommands } from './review-keys.js';
import type { TilePlayer } from './tile-player.js';

/** Why a command did nothing; the sentence is `review:refused.<code>`. */
export type Refusal =
  { code: 'no_picture' | 'not_shown' } | { code: 'in_after_out' | 'out_before_in'; otherMs: number };

export interface CommandContext {
  engine: ReviewEngine;
  /** Cameras on the screen, the enlarged one first. */
  shownIds: readonly string[];
  /** Applies a change to the newest marks and returns what came of it. */
  onMarks(change: (marks: Marks) => MarkResult): MarkResult;
  onRefusal(refusal: Refusal): void;
  /** To an instant that may lie outside of what is open. */
  jump(atMs: number): void;
  undo(): void;
  redo(): void;
  tag(): void;
  extract(): void;
  help(): void;
}

/** How long a mark or a step waits for the picture that it is about. */
export const pictureWaitMs = 12_000;
/** A running picture further from the clock than this is not what the clock shows. */
const sameMomentMs = 500;

/** What buttons and keys do. Frames are those of the first camera shown that has a picture. */
export function reviewCommands(context: CommandContext): ReviewCommands {
  const { engine } = context;
  const { clock } = engine;

  /** The first whose picture of this instant is known, also while it is on its way: steps must not change cameras. */
  function leader(): TilePlayer | undefined {
    const { phases } = engine.snapshot();
    const able = context.shownIds
      .filter((id) => phases[id] === 'ready' || phases[id] === 'loading')
      .map((id) => engine.player(id));
    return able.find((player) => player?.frameAt(clock.at()) !== undefined) ?? able[0];
  }

  /** Once the leader shows the very picture of the standing clock; undefined when that did not come about. */
  async function standing(): Promise<TilePlayer | undefined> {
    const { jump } = clock.snapshot();
    const isMoved = () => clock.snapshot().playing || clock.snapshot().jump !== jump;
    await engine.until(() => isMoved() || leader() === undefined || leader()?.isExact() === true, pictureWaitMs);
    const player = leader();
    return !isMoved() && player?.isExact() === true ? player : undefined;
  }

  async function step(direction: 1 | -1): Promise<void> {
    clock.pause();
    let toMs = leader()?.stepInstant(clock.at(), direction);
    // Where the picture of the clock is not loaded yet, its neighbours are not known.
    if (toMs === undefined) toMs = (await standing())?.stepInstant(clock.at(), direction);
    if (toMs === undefined) return;
    clock.seek(toMs);
    const known = leader()?.frameAt(toMs);
    if (known !== undefined) return;
    // Into a fragment that must be loaded first: to the start of the picture that is found there.
    const arrived = (await standing())?.frameAt(clock.at());
    if (arrived !== undefined && arrived.startMs !== clock.at()) clock.seek(arrived.startMs);
  }

  /** The picture that is seen, as it was recorded. While the clock runs it is the one passing by. */
  async function seen(): Promise<{ startMs: number; endMs: number } | Refusal> {
    if (leader() === undefined) return { code: 'no_picture' };
    const { playing } = clock.snapshot();
    const shown = leader()?.shown();
    if (playing && shown?.content === 'full' && Math.abs(shown.startMs - clock.at()) < sameMomentMs) return shown;
    if (playing) {
      // Of keyframes only the start is known: stand on the one that is seen, and mark what is seen then.
      clock.pause();
      if (shown?.content === 'keyframes') clock.seek(shown.startMs);
    }
    const player = await standing();
    return player?.shown() ?? { code: leader() === undefined ? 'no_picture' : 'not_shown' };
  }

  async function mark(set: typeof withMarkIn, edge: 'startMs' | 'endMs'): Promise<void> {
    const picture = await seen();
    if ('code' in picture) return context.onRefusal(picture);
    const result = context.onMarks((marks) => set(marks, picture[edge]));
    if ('refused' in result) context.onRefusal({ code: result.refused, otherMs: result.otherMs });
  }

  return {
    togglePlay: () => (clock.snapshot().playing ? clock.pause() : clock.play()),
    stepFrame: (direction) => void step(direction),
    skip: (byMs) => context.jump(clock.at() + byMs),
    markIn: () => void mark(withMarkIn, 'startMs'),
    markOut: () => void mark(withMarkOut, 'endMs'),
    undo: context.undo,
    redo: context.redo,
    tag: context.tag,
    extract: context.extract,
    help: context.help,
  };
}
