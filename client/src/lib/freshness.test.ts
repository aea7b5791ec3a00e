import { expect, it } from 'vitest';
import { FreshnessMonitor } from './freshness.js';

type Step = readonly [
  atMs: number,
  what: 'connected' | 'connecting' | 'lost' | 'off' | 'packet' | 'answer' | 'none' | 'refreshed' | 'tick',
];

/** Wall time is 1 000 000 ahead; ticks come every 500 ms in between, as in a page that is not busy. */
function walk(steps: readonly Step[], ticking = true) {
  let nowMs = 0;
  const monitor = new FreshnessMonitor(0, () => 1_000_000 + nowMs);
  for (const [atMs, what] of steps) {
    while (ticking && nowMs + 500 < atMs) {
      nowMs += 500;
      monitor.tick(nowMs);
    }
    nowMs = atMs;
    if (what === 'packet') monitor.packet(nowMs);
    else if (what === 'answer') monitor.answered(nowMs);
    else if (what === 'none') monitor.unanswered(nowMs);
    else if (what === 'refreshed') monitor.refreshed();
    else if (what === 'tick') monitor.tick(nowMs);
    else monitor.socketIs(what, nowMs);
  }
  const { freshness } = monitor;
  return freshness.state === 'fresh' ? 'fresh' : `${freshness.state} since ${freshness.sinceMs - 1_000_000}`;
}

it.each<[string, Step[], string]>([
  ['nothing happened', [], 'fresh'],
  [
    'pings come',
    [
      [0, 'connected'],
      [1000, 'packet'],
      [2000, 'packet'],
      [4500, 'tick'],
    ],
    'fresh',
  ],
  [
    'pings stop: half-open',
    [
      [0, 'connected'],
      [1000, 'packet'],
      [4500, 'tick'],
    ],
    'away since 1000',
  ],
  [
    'answers do not hide a silent socket',
    [
      [0, 'connected'],
      [1000, 'packet'],
      [3000, 'answer'],
      [4500, 'tick'],
    ],
    'away since 3000',
  ],
  [
    'the socket closes',
    [
      [0, 'connected'],
      [1000, 'packet'],
      [1200, 'lost'],
    ],
    'away since 1000',
  ],
  [
    'one request is cut while pings come',
    [
      [0, 'connected'],
      [1000, 'packet'],
      [1200, 'none'],
    ],
    'fresh',
  ],
  [
    'a request is not answered and no ping came',
    [
      [0, 'connected'],
      [2000, 'none'],
    ],
    'away since 0',
  ],
  [
    'not signed in: a request is not answered',
    [
      [500, 'answer'],
      [2000, 'none'],
    ],
    'away since 500',
  ],
  [
    'not signed in: answered again',
    [
      [2000, 'none'],
      [3000, 'answer'],
    ],
    'returning since 0',
  ],
  [
    'signed in: an answer is not enough',
    [
      [0, 'connected'],
      [100, 'lost'],
      [3000, 'answer'],
    ],
    'away since 0',
  ],
  [
    'the socket is back',
    [
      [0, 'connected'],
      [100, 'lost'],
      [3000, 'connected'],
    ],
    'returning since 0',
  ],
  [
    'a silent socket speaks again',
    [
      [0, 'connected'],
      [4000, 'tick'],
      [5000, 'packet'],
    ],
    'returning since 0',
  ],
  [
    'figures loaded again',
    [
      [0, 'connected'],
      [100, 'lost'],
      [3000, 'connected'],
      [3500, 'refreshed'],
    ],
    'fresh',
  ],
  [
    'lost again while returning: still of then',
    [
      [0, 'connected'],
      [100, 'lost'],
      [3000, 'connected'],
      [3100, 'lost'],
    ],
    'away since 0',
  ],
  [
    'refreshed means nothing while away',
    [
      [0, 'connected'],
      [100, 'lost'],
      [200, 'refreshed'],
    ],
    'away since 0',
  ],
  [
    'a slow first connection',
    [
      [0, 'connecting'],
      [9000, 'tick'],
    ],
    'fresh',
  ],
  [
    'no first connection',
    [
      [0, 'connecting'],
      [11_000, 'tick'],
    ],
    'away since 0',
  ],
  [
    'signed out',
    [
      [0, 'connected'],
      [1000, 'off'],
      [60_000, 'tick'],
    ],
    'fresh',
  ],
])('%s', (_what, steps, expected) => expect(walk(steps)).toBe(expected));

it('does not call the server silent when the page itself slept: waiting packets are read first', () => {
  const asleep: Step[] = [
    [0, 'connected'],
    [500, 'tick'],
    [60_000, 'tick'],
  ];
  expect(walk(asleep, false)).toBe('fresh');
  expect(walk([...asleep, [60_500, 'tick']], false)).toBe('away since 0');
});
