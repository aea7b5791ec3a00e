import { afterEach, beforeEach, expect, it, vi } from 'vitest';

type Listener = (event: string, data: Record<string, unknown>) => void;
/** hls.js as far as a player is told of errors by it. */
const fake = vi.hoisted(() => {
  class FakeHls {
    static Events = { ERROR: 'error', BUFFER_APPENDED: 'appended', LEVEL_LOADED: 'loaded' };
    static ErrorTypes = { MEDIA_ERROR: 'mediaError', NETWORK_ERROR: 'networkError' };
    static isSupported = () => true;
    readonly config = {};
    loads = 0;
    recoveries = 0;
    onError: Listener | undefined;
    on(event: string, listener: Listener) {
      if (event === FakeHls.Events.ERROR) this.onError = listener;
    }
    loadSource() {
      this.loads += 1;
    }
    recoverMediaError() {
      this.recoveries += 1;
    }
    attachMedia() {}
    startLoad() {}
    stopLoad() {}
    destroy() {}
  }
  return { FakeHls };
});
vi.mock('hls.js', () => ({ default: fake.FakeHls }));
const { createHlsPlayer } = await import('./hls-video.js');

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A live player, with a picture that moves for so long, and a decoder that gives up. */
function open(type = 'mediaError') {
  const video = Object.assign(new EventTarget(), { currentTime: 0, readyState: 4, videoWidth: 640 });
  const told: string[] = [];
  const player = createHlsPlayer({
    video: Object.assign(video, { play: () => Promise.resolve() }) as unknown as HTMLVideoElement,
    url: '/playlist.m3u8',
    mode: 'live',
    onState: (state, failure) => told.push(failure === undefined ? state : `${state} ${failure.reason}`),
  });
  const hls = player.hls as unknown as InstanceType<typeof fake.FakeHls>;
  return {
    hls,
    told,
    destroy: () => player.destroy(),
    play(seconds: number) {
      for (let played = 0; played < seconds; played += 1) {
        vi.advanceTimersByTime(1000);
        video.currentTime += 1;
        video.dispatchEvent(new Event('timeupdate'));
      }
    },
    giveUp: () => hls.onError?.('error', { fatal: true, type }),
  };
}

it('a decoder that gives up now and then over days is recovered each time', () => {
  const { hls, told, play, giveUp, destroy } = open();
  play(1);
  for (let hiccup = 0; hiccup < 9; hiccup += 1) {
    giveUp();
    play(90);
  }
  expect(hls.recoveries).toBe(9);
  expect(told).toEqual(['starting', 'playing']);
  destroy();
});

it('a picture that was shown is loaded anew, and not called unplayable before that was of no use either', () => {
  const { hls, told, play, giveUp, destroy } = open();
  play(1);
  for (let hiccup = 0; hiccup < 6; hiccup += 1) {
    giveUp();
    play(40);
  }
  expect([hls.recoveries, hls.loads]).toEqual([2, 5]);
  expect(told.filter((state) => state !== 'playing')).toEqual([
    'starting',
    ...['failed stalled', 'failed stalled', 'failed stalled', 'failed not_playable'],
  ]);
  destroy();
});

it('whatever else breaks in the browser once a picture was shown, it is loaded anew', () => {
  const { hls, told, play, giveUp, destroy } = open('otherError');
  play(1);
  giveUp();
  play(4);
  expect([hls.recoveries, hls.loads]).toEqual([0, 2]);
  expect(told).toEqual(['starting', 'playing', 'failed stalled', 'playing']);
  destroy();
});

it.each([
  ['mediaError', 2],
  ['otherError', 0],
])('where there never was a picture, it is unplayable (%s, %i recoveries)', (type, recoveries) => {
  const { hls, told, giveUp, destroy } = open(type);
  for (let tries = 0; tries <= recoveries; tries += 1) giveUp();
  expect(hls.recoveries).toBe(recoveries);
  expect(told).toEqual(['starting', 'failed not_playable']);
  destroy();
});
