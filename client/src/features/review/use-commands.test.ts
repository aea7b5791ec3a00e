import { describe, expect, it, vi } from 'vitest';
import type { Frame } from './frame-index.js';
import type { MarkResult, Marks } from './marks.js';
import { createReviewEngine } from './review-engine.js';
import type { TileContent, TilePlayer } from './tile-player.js';
import { pictureWaitMs, reviewCommands, type Refusal } from './use-commands.js';
import { createWallClock } from './wall-clock.js';

/** A camera with a picture every `frameMs`; what is loaded and on the screen is said by the test. */
function camera(frameMs: number, offsetMs = 0) {
  const state: { loaded: boolean; onScreen: number | undefined; content: TileContent } = {
    loaded: true,
    onScreen: undefined,
    content: 'full',
  };
  const frameOf = (wallMs: number): Frame => {
    const startMs = Math.floor((wallMs - offsetMs) / frameMs) * frameMs + offsetMs;
    return { startMs, endMs: startMs + frameMs, mediaStart: startMs / 1000, mediaEnd: (startMs + frameMs) / 1000 };
  };
  return { state, frameOf };
}

function setUp(cameras = { a: camera(80), b: camera(40, 10) }) {
  let nowMs = 0;
  let next: (() => void) | undefined;
  const clock = createWallClock(() => nowMs, { atMs: 1_000, fromMs: 0, toMs: 600_000 });
  const engine = createReviewEngine({
    clock,
    nowMs: () => nowMs,
    nextFrame: (callback) => {
      next = callback;
      return () => (next = undefined);
    },
  });
  engine.start();
  for (const [id, { state, frameOf }] of Object.entries(cameras)) {
    const shown = () =>
      state.onScreen === undefined ? undefined : { ...frameOf(state.onScreen), content: state.content };
    const player: TilePlayer = {
      follow: () => undefined,
      shown,
      isExact: () => state.content === 'full' && shown()?.startMs === frameOf(clock.at()).startMs,
      frameAt: (wallMs) => (state.loaded ? frameOf(wallMs) : undefined),
      stepInstant: (wallMs, direction) => {
        if (!state.loaded) return undefined;
        const frame = frameOf(wallMs);
        return direction === 1 ? frame.endMs : frame.startMs - frameMsOf(frame);
      },
      destroy: () => undefined,
    };
    engine.add(id, player);
    engine.setPhase(id, 'ready');
  }
  let marks: Marks = {};
  const refusals: Refusal[] = [];
  const jump = vi.fn((atMs: number) => clock.seek(atMs));
  const commands = reviewCommands({
    engine,
    shownIds: Object.keys(cameras),
    onMarks: (change) => {
      const result: MarkResult = change(marks);
      if ('marks' in result) marks = result.marks;
      return result;
    },
    onRefusal: (refusal) => void refusals.push(refusal),
    jump,
    undo: () => undefined,
    redo: () => undefined,
    tag: () => undefined,
    extract: () => undefined,
    help: () => undefined,
  });
  const pass = async (ms: number) => {
    nowMs += ms;
    next?.();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  void pass(0);
  return { clock, engine, cameras, commands, pass, marks: () => marks, refusals, jump };
}
const frameMsOf = (frame: Frame) => frame.endMs - frame.startMs;

describe('review commands', () => {
  it('step by the frames of the first camera, exactly', async () => {
    const { clock, commands, cameras, pass } = setUp();
    cameras.a.state.onScreen = 1_000;
    commands.stepFrame(1);
    expect(clock.at()).toBe(1_040);
    commands.stepFrame(1);
    expect(clock.at()).toBe(1_120);
    commands.stepFrame(-1);
    await pass(16);
    expect(clock.at()).toBe(1_040);
  });

  it('go on stepping by the same camera while its picture is on its way', () => {
    const { clock, commands, engine } = setUp();
    engine.setPhase('a', 'loading');
    commands.stepFrame(1);
    expect(clock.at()).toBe(1_040);
  });

  it('mark the start and the end of the picture that is shown', async () => {
    const { clock, commands, cameras, pass, marks } = setUp();
    cameras.a.state.onScreen = 1_000;
    commands.markIn();
    await pass(16);
    clock.seek(2_010);
    cameras.a.state.onScreen = 2_010;
    commands.markOut();
    await pass(16);
    expect(marks()).toEqual({ inMs: 960, outMs: 2_080 });
  });

  it('wait with a mark until the picture of the clock is there', async () => {
    const { clock, commands, cameras, pass, marks, refusals } = setUp();
    cameras.a.state.onScreen = 1_000;
    clock.seek(5_000);
    commands.markIn();
    await pass(500);
    expect(marks()).toEqual({});
    cameras.a.state.onScreen = 5_000;
    await pass(16);
    expect(marks()).toEqual({ inMs: 4_960 });
    expect(refusals).toEqual([]);
  });

  it.each([
    ['the picture does not come', () => undefined, 'not_shown'],
    ['the clock is moved meanwhile', ({ clock }: ReturnType<typeof setUp>) => clock.seek(9_000), 'not_shown'],
    [
      'nothing was recorded',
      ({ engine }: ReturnType<typeof setUp>) => ['a', 'b'].forEach((id) => engine.setPhase(id, 'gap')),
      'no_picture',
    ],
  ])('say why there is no mark: %s', async (_, happens, code) => {
    const stage = setUp();
    stage.cameras.a.state.onScreen = 1_000;
    stage.clock.seek(5_000);
    stage.commands.markIn();
    happens(stage);
    await stage.pass(16);
    await stage.pass(pictureWaitMs);
    await stage.pass(16);
    expect(stage.marks()).toEqual({});
    expect(stage.refusals).toEqual([{ code }]);
  });

  it('stand on a keyframe before it is marked', async () => {
    const { clock, commands, cameras, pass, marks } = setUp();
    const { state } = cameras.a;
    clock.setRate(8);
    clock.play();
    await pass(400);
    state.content = 'keyframes';
    state.onScreen = 3_360;
    commands.markOut();
    await pass(16);
    expect(clock.snapshot().playing).toBe(false);
    expect(clock.at()).toBe(3_360);
    expect(marks()).toEqual({});
    state.content = 'full';
    await pass(16);
    expect(marks()).toEqual({ outMs: 3_440 });
  });

  it('refuse an end before the start, and keep both as they are', async () => {
    const { clock, commands, cameras, pass, marks, refusals } = setUp();
    clock.seek(4_000);
    cameras.a.state.onScreen = 4_000;
    commands.markIn();
    await pass(16);
    clock.seek(2_000);
    cameras.a.state.onScreen = 2_000;
    commands.markOut();
    await pass(16);
    expect(marks()).toEqual({ inMs: 4_000 });
    expect(refusals).toEqual([{ code: 'out_before_in', otherMs: 4_000 }]);
  });

  it('skip by way of a jump, which may leave the window', () => {
    const { commands, jump } = setUp();
    commands.skip(-60_000);
    expect(jump).toHaveBeenCalledWith(-59_000);
  });
});
