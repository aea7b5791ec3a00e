import { randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { serviceUrl } from './camera-url.js';
import { answeredAt, readEvents, type EventMessage } from './event-messages.js';
import type { OnvifConnection } from './onvif-connection.js';
import { isRefusedOperation } from './refused-operation.js';
import { escapeXml, textAt } from './soap-xml.js';

export interface PulledEvents {
  messages: EventMessage[];
  /** The device's clock minus ours, ms; null: it stated no time. */
  clockOffsetMs: number | null;
}

/** How long the device may keep a question for events; also the longest time in which nothing is heard. */
const waitSeconds = 50;
const messageLimit = 100;
const lifeSeconds = 600;
/** A recorder that stops waits for it. */
const goodbyeMs = 3000;
const renewAfterMs = 240_000;
const addressing = 'http://www.w3.org/2005/08/addressing';
const notification = 'http://docs.oasis-open.org/wsn/b-2';
const actions = {
  PullMessages: 'http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesRequest',
  CreatePullPointSubscription:
    'http://www.onvif.org/ver10/events/wsdl/EventPortType/CreatePullPointSubscriptionRequest',
  Renew: 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest',
  Unsubscribe: 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest',
} as const;

/** Reference parameters of a subscription as they stand, with the namespaces that they may need; WS-Addressing 1.0, 2.1. */
function referenceIn(text: string): { header: string; namespaces: string } {
  const match = /<((?:[\w.-]+:)?ReferenceParameters)[^>]*>([\s\S]{0,4096}?)<\/\1\s*>/.exec(text);
  const header = match?.[2]?.trim() ?? '';
  if (header === '') return { header, namespaces: '' };
  const found = new Map(
    [...text.matchAll(/\sxmlns:([\w.-]{1,40})="([^"<>]{1,200})"/g)].map(([, prefix = '', uri = '']) => [prefix, uri]),
  );
  const own = new Set(['s', 'tds', 'trt', 'tr2', 'tev', 'tt', 'a', 'wsnt']);
  const used = [...found].filter(([prefix]) => !own.has(prefix) && header.includes(`${prefix}:`)).slice(0, 16);
  return { header, namespaces: used.map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`).join('') };
}

/** One pull-point subscription of a device (ONVIF Core, 9.2): asked until it is closed or fails. */
export class PullPoint {
  readonly #connection: OnvifConnection;
  readonly #clock: Clock;
  readonly #url: URL;
  readonly #reference: { header: string; namespaces: string };
  #renewedAt: number;

  private constructor(connection: OnvifConnection, clock: Clock, url: URL, text: string) {
    this.#connection = connection;
    this.#clock = clock;
    this.#url = url;
    this.#reference = referenceIn(text);
    this.#renewedAt = clock.monotonicMs();
  }

  /** @throws AppError precondition `no_events` where the device gives no pull point; and of the connection */
  static async open(connection: OnvifConnection, clock: Clock, device: URL, events: URL): Promise<PullPoint> {
    const body =
      `<tev:CreatePullPointSubscription><tev:InitialTerminationTime>PT${lifeSeconds}S</tev:InitialTerminationTime>` +
      '</tev:CreatePullPointSubscription>';
    try {
      const options = { header: headerOf('CreatePullPointSubscription', events) };
      const answer = await connection.callText(events, 'CreatePullPointSubscription', body, options);
      const address = textAt(answer.body, 'CreatePullPointSubscriptionResponse', 'SubscriptionReference', 'Address');
      if (address === '') throw noEvents(device);
      return new PullPoint(connection, clock, serviceUrl(device, address), answer.text);
    } catch (error) {
      if (isRefusedOperation(error)) throw noEvents(device);
      throw error;
    }
  }

  /** Waits for events, at most 50 s. @throws AppError of the connection; `bad_answer` also where the subscription is over */
  async pull(): Promise<PulledEvents> {
    if (this.#clock.monotonicMs() - this.#renewedAt > renewAfterMs) await this.#renew();
    const body =
      `<tev:PullMessages><tev:Timeout>PT${waitSeconds}S</tev:Timeout><tev:MessageLimit>${messageLimit}</tev:MessageLimit>` +
      '</tev:PullMessages>';
    const answer = await this.#ask('PullMessages', body, (waitSeconds + 10) * 1000);
    const now = this.#clock.nowMs();
    const stated = answeredAt(answer);
    return { messages: readEvents(answer), clockOffsetMs: stated === null ? null : stated - now };
  }

  /** Lets the device forget the subscription, also when its user gave up; where it does not answer, it forgets by itself. */
  async close(): Promise<void> {
    this.#connection.endBy(AbortSignal.timeout(goodbyeMs));
    await this.#ask('Unsubscribe', `<wsnt:Unsubscribe xmlns:wsnt="${notification}"/>`).catch(() => undefined);
  }

  /** Many devices prolong by each question, and refuse to do so when asked. */
  async #renew(): Promise<void> {
    const body = `<wsnt:Renew xmlns:wsnt="${notification}"><wsnt:TerminationTime>PT${lifeSeconds}S</wsnt:TerminationTime></wsnt:Renew>`;
    this.#renewedAt = this.#clock.monotonicMs();
    await this.#ask('Renew', body).catch((error: unknown) => {
      if (!isRefusedOperation(error)) throw error;
    });
  }

  async #ask(operation: keyof typeof actions, body: string, timeoutMs?: number) {
    const { header, namespaces } = this.#reference;
    const options = { header: headerOf(operation, this.#url) + header, namespaces, timeoutMs };
    return (await this.#connection.callText(this.#url, operation, body, options)).body;
  }
}

const headerOf = (operation: keyof typeof actions, url: URL): string =>
  `<a:Action xmlns:a="${addressing}" s:mustUnderstand="1">${actions[operation]}</a:Action>` +
  `<a:MessageID xmlns:a="${addressing}">urn:uuid:${randomUUID()}</a:MessageID>` +
  `<a:To xmlns:a="${addressing}" s:mustUnderstand="1">${escapeXml(url.href)}</a:To>`;

export const noEvents = (device: URL): AppError =>
  new AppError('precondition', 'no_events', `${device.host}: the device gives no events`, {
    details: { reason: 'bad_answer' },
  });
