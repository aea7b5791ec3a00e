import { z } from 'zod';

const share = z.number().min(0).max(1);

/** What can be wrong with a camera. Several kinds can hold at once; of one kind the last that was set counts. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** Refuses every connection, says nothing to discovery. */
  z.strictObject({ kind: z.literal('off') }),
  /** Accepts connections and never sends a byte again, also on streams that already run. */
  z.strictObject({ kind: z.literal('hang') }),
  /** Another password from now on; whoever is connected is thrown out. */
  z.strictObject({ kind: z.literal('new-password'), password: z.string().min(1).max(64) }),
  /**
   * The account is locked: every sign-in is refused, in the words of Hikvision (`isapi`, in a body under 401, with the
   * time left) or as Dahua does (`words`, a fault or a phrase, without); whoever is connected is thrown out.
   */
  z.strictObject({
    kind: z.literal('account-locked'),
    manner: z.enum(['isapi', 'words']).default('isapi'),
    seconds: z.number().int().min(1).max(86_400).default(1800),
  }),
  /** The camera's clock, in ONVIF and in RTCP, is ahead of the truth by so much; negative is behind. */
  z.strictObject({ kind: z.literal('wrong-clock'), offsetMs: z.number().min(-3.2e12).max(3.2e12) }),
  z.strictObject({ kind: z.literal('slow-frame-rate'), framesPerSecond: z.number().min(0.1).max(60) }),
  /** The same picture over and over, while stream and stamps go on. */
  z.strictObject({ kind: z.literal('frozen') }),
  /** Another picture size, and so other parameter sets, in the midst of the stream. */
  z.strictObject({
    kind: z.literal('parameters-changed'),
    width: z.number().int().min(64).max(1920).multipleOf(2).default(704),
    height: z.number().int().min(64).max(1080).multipleOf(2).default(576),
  }),
  /** Every connection is reset, now; nothing is wrong afterwards. */
  z.strictObject({ kind: z.literal('reset') }),
  /** The stream holds audio only. */
  z.strictObject({ kind: z.literal('not-video') }),
  z.strictObject({ kind: z.literal('junk-onvif') }),
  z.strictObject({
    kind: z.literal('oversized-onvif'),
    bytes: z.number().int().min(1).max(2e9).default(64_000_000),
  }),
  /** Answers a probe with datagrams of junk. */
  z.strictObject({ kind: z.literal('junk-discovery') }),
  /**
   * The peer is gone and nobody told: on every connection there is now nothing is sent, read or closed, ever again.
   * `mute` ones that come while it holds find the same; `answered` ones are served.
   */
  z.strictObject({ kind: z.literal('half-open'), newConnections: z.enum(['mute', 'answered']).default('mute') }),
  /** Every connection is accepted and reset at once. */
  z.strictObject({ kind: z.literal('turned-away') }),
  /**
   * Bytes that are no RTP between interleaved packets, before that share of them. `misleading` garbage holds the
   * beginning of a packet that there is not, so that a reader can lose its place.
   */
  z.strictObject({ kind: z.literal('garbage'), share: share.default(0.1), misleading: z.boolean().default(false) }),
  /** That share of the RTP packets never leaves the camera. */
  z.strictObject({ kind: z.literal('packet-loss'), share: share.default(0.05) }),
  /** That share of the RTP packets is sent after the one that follows it. */
  z.strictObject({ kind: z.literal('packets-reordered'), share: share.default(0.2) }),
  /** RTP comes on the channel of RTCP and the reverse; packets of channels that nobody set up come between. */
  z.strictObject({
    kind: z.literal('wrong-channels'),
    swapped: z.boolean().default(true),
    unknown: z.boolean().default(true),
  }),
  /** The session description names the codec without its clock rate; whoever is connected is thrown out. */
  z.strictObject({ kind: z.literal('no-clock-rate') }),
  /** Nonces of Digest authentication live for so long: the next request of a session is answered 401, stale. */
  z.strictObject({ kind: z.literal('nonce-expiry'), seconds: z.number().min(0.1).max(300).default(1) }),
  /** Sessions end when no request comes for so long, as their header says; whoever is connected is thrown out. */
  z.strictObject({
    kind: z.literal('session-timeout'),
    seconds: z.number().int().min(1).max(3600).default(4),
    receiverReportsCount: z.boolean().default(false),
  }),
  /** Closes the connection so long after it answered PLAY. */
  z.strictObject({ kind: z.literal('close-after-play'), afterMs: z.number().int().min(0).max(60_000).default(0) }),
  /**
   * Only pictures that need another one. Whoever is connected is `thrown-out`, so that nobody has one to begin with, or
   * `kept`; `onRequest` keyframes are made for whoever asks for one.
   */
  z.strictObject({
    kind: z.literal('no-keyframes'),
    connected: z.enum(['thrown-out', 'kept']).default('thrown-out'),
    onRequest: z.boolean().default(false),
  }),
  /** RTP time is ahead by so much from now on, and back again afterwards; sender reports follow when they are due. */
  z.strictObject({ kind: z.literal('timestamp-jump'), byMs: z.number().min(-4.7e7).max(4.7e7).default(3_600_000) }),
  /** No RTP packet is marked as the last of its picture. */
  z.strictObject({ kind: z.literal('no-markers') }),
  /** No RTCP at all. */
  z.strictObject({ kind: z.literal('no-sender-reports') }),
  /** Sender reports state the time in whole seconds, cut off. */
  z.strictObject({ kind: z.literal('coarse-reports') }),
  /** RTP time runs at this rate from now on (1.02: 2 % fast); pictures and sender reports come as before. */
  z.strictObject({ kind: z.literal('clock-rate'), factor: z.number().min(0.5).max(2) }),
  /** Nothing is sent for so long, then all pictures of that time at once. */
  z.strictObject({ kind: z.literal('bursts'), everyMs: z.number().int().min(100).max(5000).default(1000) }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];
/** As a caller may write it: defaults left out. */
export type FaultInput = z.input<typeof faultSchema>;
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

export const faultKinds = faultSchema.options.map((option) => option.shape.kind.value) as FaultKind[];
