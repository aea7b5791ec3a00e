import type { Permission } from '@choi-canh/shared/permissions';
import type { ServerToClientEvents } from '@choi-canh/shared/realtime';
import type { Broadcaster } from './broadcaster.js';
import type { OtherConsoles } from './other-consoles.js';

type Event = keyof ServerToClientEvents;
type Audience = { areaId: string; permission: Permission } | { permission: Permission } | { accountId: string };
interface Broadcast {
  to: Audience;
  event: Event;
  args: unknown[];
}

/**
 * Events about what lies in the database: they go to browsers of every console. The others tell how one console sees its
 * recorders, or itself; each console says that to its own.
 */
const ofAllConsoles: ReadonlySet<Event> = new Set<Event>([
  'camera.changed',
  'camera.add',
  'discovery.progress',
  'clip.progress',
  'hold.state',
  'incident.changed',
]);
const topic = 'broadcast';

/** Broadcasts to the browsers of this console by `local`, and to those of the others. */
export function sharedBroadcaster(local: Broadcaster, others: OtherConsoles): Broadcaster {
  others.on(topic, (body) => {
    const { to, event, args } = body as Broadcast;
    // Whoever is on the same database may say it; a newer console may say more than this one knows.
    if (ofAllConsoles.has(event)) broadcast(local, { to, event, args });
  });
  const everywhere = (said: Broadcast) => {
    broadcast(local, said);
    if (ofAllConsoles.has(said.event)) others.send(topic, said);
  };
  return {
    toArea: (areaId, permission, event, ...args) => everywhere({ to: { areaId, permission }, event, args }),
    toPermission: (permission, event, ...args) => everywhere({ to: { permission }, event, args }),
    toAccount: (accountId, event, ...args) => everywhere({ to: { accountId }, event, args }),
  };
}

function broadcast(local: Broadcaster, { to, event, args }: Broadcast): void {
  const given = args as Parameters<ServerToClientEvents[Event]>;
  if ('accountId' in to) local.toAccount(to.accountId, event, ...given);
  else if ('areaId' in to) local.toArea(to.areaId, to.permission, event, ...given);
  else local.toPermission(to.permission, event, ...given);
}
