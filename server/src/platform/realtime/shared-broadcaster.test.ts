import { expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import type { DatabaseChannel } from '../db/postgres-channel.js';
import type { Broadcaster } from './broadcaster.js';
import { OtherConsoles } from './other-consoles.js';
import { sharedBroadcaster } from './shared-broadcaster.js';

type Listener = Parameters<DatabaseChannel['start']>[0];

/** Consoles whose messages reach all the others at once. */
async function consoles(count: number) {
  const listeners = new Map<number, Listener>();
  const made = Array.from({ length: count }, (_, index) => {
    const localEvents: unknown[] = [];
    const local: Broadcaster = {
      toArea: (...said) => localEvents.push(said),
      toPermission: (...said) => localEvents.push(said),
      toAccount: (...said) => localEvents.push(said),
    };
    const channel: DatabaseChannel = {
      start: (listener) => Promise.resolve(void listeners.set(index, listener)),
      send: (text) => listeners.forEach((listener, at) => (at === index ? undefined : listener.heard(text))),
      stop: () => Promise.resolve(),
    };
    const others = new OtherConsoles({ channel, logger: silentLogger });
    return {
      localEvents,
      others,
      broadcaster: sharedBroadcaster(local, others),
      listener: () => listeners.get(index)!,
    };
  });
  for (const { others } of made) await others.start();
  return made;
}
const settled = (all: readonly { others: OtherConsoles }[]) => Promise.all(all.map(({ others }) => others.stop()));

it('what lies in the database is said to the browsers of every console, once', async () => {
  const all = await consoles(3);
  all[0]!.broadcaster.toArea('a', 'incident.view', 'incident.changed', 'i');
  all[1]!.broadcaster.toAccount('k', 'camera.changed', ['c']);
  await settled(all);
  for (const { localEvents } of all) {
    expect(localEvents.map((said) => (said as unknown[])[0]).sort()).toEqual(['a', 'k']);
  }
});

it('how a console sees its recorders, and itself, it says to its own', async () => {
  const all = await consoles(2);
  all[0]!.broadcaster.toPermission('recorder.view', 'recorder.alerts', []);
  all[0]!.broadcaster.toPermission('recorder.view', 'console.alerts', []);
  all[0]!.broadcaster.toArea('a', 'camera.view', 'camera.state', []);
  all[1]!.listener().heard(
    JSON.stringify({
      topic: 'broadcast',
      body: { to: { permission: 'recorder.view' }, event: 'console.alerts', args: [] },
    }),
  );
  await settled(all);
  expect(all.map(({ localEvents }) => localEvents.length)).toEqual([3, 0]);
});

it('goes on after a message that it does not understand, in the order of what was sent', async () => {
  const [one] = await consoles(1);
  const seen: unknown[] = [];
  one!.others.on('slow', async (body) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(body);
  });
  one!.others.on('quick', (body) => void seen.push(body));
  one!.others.onMissed(() => void seen.push('missed'));
  const { heard, missed } = one!.listener();
  heard('no JSON');
  heard(JSON.stringify({ topic: 'of a newer version', body: 0 }));
  heard(JSON.stringify({ topic: 'slow', body: 1 }));
  missed();
  heard(JSON.stringify({ topic: 'quick', body: 2 }));
  await settled([one!]);
  expect(seen).toEqual([1, 'missed', 2]);
});
