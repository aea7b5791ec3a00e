import { z } from 'zod';
import { parseLeniently, unknownKeys, type Misfit } from './lenient.js';
import { recorderEvent, recorderStatus, type RecorderEvent, type RecorderStatus } from './recorder-api.js';

/**
 * Versions of the protocol between console and recorder. The minor one grows with what the other side may skip: a new event,
 * reason or field. The major one grows with what it may not; between different ones the console takes no events and gives
 * no desired state, and the recorder goes on with the one that it has.
 */
export const ownProtocol = { major: 1, minor: 4 } as const;
/** Header of each request of a console: `<major>.<minor>`. */
export const protocolHeader = 'x-choi-canh-protocol';
/** Header of each request of a console that knows its database, from 1.2 on: the id that is kept there. */
export const consoleHeader = 'x-choi-canh-console';

export const protocolVersion = z.object({ major: z.int().min(0).max(9999), minor: z.int().min(0).max(9999) });
export type ProtocolVersion = z.infer<typeof protocolVersion>;
/** Of a recorder or console from before there were versions. */
export const firstProtocol: ProtocolVersion = { major: 1, minor: 0 };

export const protocolText = ({ major, minor }: ProtocolVersion): string => `${major}.${minor}`;
/** Undefined where the text is none. */
export function protocolFromText(text: string): ProtocolVersion | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/** What every version of a status has, whatever else becomes of it. */
export const statusHead = z.looseObject({
  version: z.string().max(100).default(''),
  protocol: protocolVersion.default(firstProtocol),
});
export type StatusHead = z.infer<typeof statusHead>;

const statusFallbacks = {
  'cameras.*.state': 'unknown',
  'cameras.*.reason': 'unknown',
  'cameras.*.engine': null,
  'cameras.*.engineReason': null,
  'cameras.*.timeSource': null,
  'storage.state': 'ok',
};

/** A status of a recorder of this major version; undefined where it is none. Fields that nobody knows are misfits too. */
export function readStatus(value: unknown): { status: RecorderStatus; misfits: Misfit[] } | undefined {
  const read = parseLeniently(recorderStatus, value, statusFallbacks);
  if (read === undefined) return undefined;
  const fields = unknownKeys(recorderStatus.shape, value).map((path) => ({ path, value: '' }));
  return { status: read.data, misfits: [...read.misfits, ...fields] };
}

/** A page of events of which each is read for itself. */
export const rawEventPage = z.object({
  events: z.array(z.looseObject({ sequence: z.int(), type: z.string().max(100) })).max(500),
  sequence: z.int(),
});
export type RawEvent = z.infer<typeof rawEventPage>['events'][number];
export type RawEventPage = z.infer<typeof rawEventPage>;

const eventFallbacks = { 'status.state': 'unknown', 'status.reason': 'unknown' };

/** What is understood of an event: all of it (no misfits), most of it, or nothing (`event` undefined). */
export function readEvent(raw: RawEvent): { event: RecorderEvent | undefined; misfits: Misfit[] } {
  const read = parseLeniently(recorderEvent, raw, eventFallbacks);
  if (read === undefined) return { event: undefined, misfits: [{ path: 'type', value: raw.type }] };
  return { event: read.data, misfits: read.misfits };
}
