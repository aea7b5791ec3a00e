import { withMarkIn, withMarkOut, type Marks } from './marks.js';
import type { ReviewEngine } from './review-engine.js';
import type { ReviewCommands } from './review-keys.js';

export interface CommandContext {
  engine: ReviewEngine;
  /** Cameras on the screen, the enlarged one first. */
  shownIds: readonly string[];
  onMarks(change: (marks: Marks) => Marks): void;
  tag(): void;
  extract(): void;
  help(): void;
}

/** A picture further from the clock than this is not what the clock shows. */
const sameMomentMs = 500;

/** What buttons and keys do. Frames are those of the first camera shown that has a picture. */
export function reviewCommands(context: CommandContext): ReviewCommands {
  const { engine, onMarks } = context;
  const { clock } = engine;
  const leader = () =>
    context.shownIds.map((id) => engine.player(id)).find((player) => player?.pictureMs() !== undefined);
  const shownPicture = (): number | undefined => {
    const pictureMs = leader()?.pictureMs();
    return pictureMs !== undefined && Math.abs(pictureMs - clock.at()) < sameMomentMs ? pictureMs : undefined;
  };
  return {
    togglePlay: () => (clock.snapshot().playing ? clock.pause() : clock.play()),
    stepFrame(direction) {
      clock.pause();
      const frameMs = leader()?.frameMs() ?? 40;
      const pictureMs = leader()?.pictureMs();
      const arrived = pictureMs !== undefined && Math.abs(clock.at() - pictureMs) < frameMs * 1.2;
      // To the middle of the neighbouring frame; while the last step is still on its way, one frame on from there.
      if (arrived) clock.seek(pictureMs + frameMs * (direction === 1 ? 1.5 : -0.5));
      else clock.seek(clock.at() + frameMs * direction);
    },
    skip: (byMs) => clock.seek(clock.at() + byMs),
    // The frame that is seen lies in the range: from its start, and with an end after it.
    markIn() {
      const atMs = Math.min(clock.at(), shownPicture() ?? Number.POSITIVE_INFINITY);
      onMarks((marks) => withMarkIn(marks, atMs));
    },
    markOut() {
      const atMs = Math.max(clock.at(), (shownPicture() ?? 0) + 1);
      onMarks((marks) => withMarkOut(marks, atMs));
    },
    tag: context.tag,
    extract: context.extract,
    help: context.help,
  };
}
