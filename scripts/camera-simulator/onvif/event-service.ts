import type { DeviceEventKind } from '@choi-canh/shared/device-events';
import { SoapFault, textAt, type XmlValue } from './soap.js';

export const eventsNamespace = 'http://www.onvif.org/ver10/events/wsdl';
export const eventServiceCapabilities = `<tev:Capabilities xmlns:tev="${eventsNamespace}" WSPullPointSupport="true" MaxPullPoints="10"/>`;
const addressing = 'http://www.w3.org/2005/08/addressing';
const notification = 'http://docs.oasis-open.org/wsn/b-2';
const ownNamespace = 'urn:choi-canh:simulator';
const concrete = 'http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete';

export interface SimulatedEvent {
  readonly kind: DeviceEventKind;
  readonly active: boolean;
  /** Of a device with several inputs, from 1; default 1. */
  readonly channel?: number;
}

/** What of a camera its event service speaks of. */
export interface EventCamera {
  /** Address of the event service. */
  readonly eventsAddress: string;
  /** Token of the video source of an input, from 1. */
  sourceToken(channel: number): string;
  /** The camera's own idea of UTC, ms. */
  cameraNowMs(): number;
}

/** Topic, source and data items of each kind, as cameras of the trade have them (ONVIF Core and Analytics, topics). */
const forms: Readonly<
  Record<
    DeviceEventKind,
    { topic: string; source: 'configuration' | 'source' | readonly [string, string]; data: string }
  >
> = {
  motion: {
    topic: 'tns1:RuleEngine/CellMotionDetector/Motion',
    source: 'configuration',
    data: 'IsMotion',
  },
  tamper: {
    topic: 'tns1:VideoSource/GlobalSceneChange/ImagingService',
    source: 'source',
    data: 'State',
  },
  line_crossing: {
    topic: 'tns1:RuleEngine/LineDetector/Crossed',
    source: 'configuration',
    data: 'ObjectId',
  },
  digital_input: { topic: 'tns1:Device/Trigger/DigitalInput', source: ['InputToken', 'Input_1'], data: 'LogicalState' },
  storage_failure: { topic: 'tns1:Device/HardwareFailure/StorageFailure', source: ['Token', 'SD_1'], data: 'Failed' },
};
const maxQueued = 500;
const lifeMs = 600_000;

interface Subscription {
  readonly queue: string[];
  wake: (() => void) | undefined;
  endsAtMs: number;
}

/** Pull points of one camera (ONVIF Core, 9.2): a subscription is told apart by a reference parameter, as some makers do. */
export class EventService {
  readonly #camera: EventCamera;
  readonly #subscriptions = new Map<string, Subscription>();
  /** States now, which a new subscription is told first. */
  readonly #states = new Map<DeviceEventKind, boolean>();
  #count = 0;

  constructor(camera: EventCamera) {
    this.#camera = camera;
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  emit(event: SimulatedEvent): void {
    if (event.kind !== 'line_crossing') this.#states.set(event.kind, event.active);
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.queue.length < maxQueued) subscription.queue.push(this.#message(event, 'Changed'));
      subscription.wake?.();
    }
  }

  /** Ends every subscription, as a restart of the camera does. */
  forget(): void {
    for (const subscription of this.#subscriptions.values()) subscription.wake?.();
    this.#subscriptions.clear();
  }

  /** Undefined for an operation that it does not have. */
  async answer(operation: string, parameters: XmlValue, header: XmlValue): Promise<string | undefined> {
    if (operation === 'CreatePullPointSubscription') return this.#create();
    const id = textAt(header, 'SubscriptionId') ?? '';
    const subscription = this.#subscriptions.get(id);
    if (operation === 'PullMessages') return this.#pull(this.#require(subscription), parameters);
    if (operation === 'Renew') {
      this.#require(subscription).endsAtMs = this.#camera.cameraNowMs() + lifeMs;
      const times = `<wsnt:TerminationTime>${this.#at(lifeMs)}</wsnt:TerminationTime><wsnt:CurrentTime>${this.#at(0)}</wsnt:CurrentTime>`;
      return `<wsnt:RenewResponse xmlns:wsnt="${notification}">${times}</wsnt:RenewResponse>`;
    }
    if (operation === 'Unsubscribe') {
      this.#require(subscription).wake?.();
      this.#subscriptions.delete(id);
      return `<wsnt:UnsubscribeResponse xmlns:wsnt="${notification}"/>`;
    }
    return undefined;
  }

  #require(subscription: Subscription | undefined): Subscription {
    if (subscription !== undefined && subscription.endsAtMs > this.#camera.cameraNowMs()) return subscription;
    throw new SoapFault('Sender', ['ter:InvalidArgVal'], 'The subscription does not exist');
  }

  #create(): string {
    this.#count += 1;
    const id = String(this.#count);
    const queue = [...this.#states].map(([kind, active]) => this.#message({ kind, active }, 'Initialized'));
    this.#subscriptions.set(id, { queue, wake: undefined, endsAtMs: this.#camera.cameraNowMs() + lifeMs });
    return (
      `<tev:CreatePullPointSubscriptionResponse xmlns:tev="${eventsNamespace}" xmlns:wsa="${addressing}" xmlns:wsnt="${notification}">` +
      `<tev:SubscriptionReference><wsa:Address>${this.#camera.eventsAddress}</wsa:Address><wsa:ReferenceParameters>` +
      `<sim:SubscriptionId xmlns:sim="${ownNamespace}">${id}</sim:SubscriptionId></wsa:ReferenceParameters></tev:SubscriptionReference>` +
      `<wsnt:CurrentTime>${this.#at(0)}</wsnt:CurrentTime><wsnt:TerminationTime>${this.#at(lifeMs)}</wsnt:TerminationTime>` +
      '</tev:CreatePullPointSubscriptionResponse>'
    );
  }

  async #pull(subscription: Subscription, parameters: XmlValue): Promise<string> {
    const seconds = Number(/^PT(\d+)S$/.exec(textAt(parameters, 'Timeout') ?? '')?.[1] ?? 1);
    const limit = Math.max(1, Number(textAt(parameters, 'MessageLimit') ?? 1));
    if (subscription.queue.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(seconds, 60) * 1000);
        subscription.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    subscription.wake = undefined;
    subscription.endsAtMs = Math.max(subscription.endsAtMs, this.#camera.cameraNowMs() + lifeMs);
    return (
      `<tev:PullMessagesResponse xmlns:tev="${eventsNamespace}" xmlns:wsnt="${notification}" xmlns:tns1="http://www.onvif.org/ver10/topics">` +
      `<tev:CurrentTime>${this.#at(0)}</tev:CurrentTime><tev:TerminationTime>${this.#at(lifeMs)}</tev:TerminationTime>` +
      `${subscription.queue.splice(0, limit).join('')}</tev:PullMessagesResponse>`
    );
  }

  /** How the topic names where it comes from. */
  #sourceOf(kind: DeviceEventKind, channel: number): readonly [string, string] {
    const { source } = forms[kind];
    if (source === 'configuration') return ['VideoSourceConfigurationToken', `VideoSourceConfig_${channel}`];
    return source === 'source' ? ['Source', this.#camera.sourceToken(channel)] : source;
  }

  #message({ kind, active, channel = 1 }: SimulatedEvent, operation: 'Initialized' | 'Changed'): string {
    const { topic, data } = forms[kind];
    const source = this.#sourceOf(kind, channel);
    const isProperty = kind !== 'line_crossing';
    const value = kind === 'line_crossing' ? '7' : String(active);
    return (
      `<wsnt:NotificationMessage><wsnt:Topic Dialect="${concrete}">${topic}</wsnt:Topic><wsnt:Message>` +
      `<tt:Message UtcTime="${this.#at(0)}"${isProperty ? ` PropertyOperation="${operation}"` : ''}>` +
      `<tt:Source><tt:SimpleItem Name="${source[0]}" Value="${source[1]}"/></tt:Source>` +
      `<tt:Data><tt:SimpleItem Name="${data}" Value="${value}"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`
    );
  }

  #at(aheadMs: number): string {
    return new Date(this.#camera.cameraNowMs() + aheadMs).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}
