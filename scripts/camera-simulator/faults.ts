import { z } from 'zod';

/** What can be wrong with a camera. Several kinds can hold at once; of one kind the last that was set counts. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** Refuses every connection, says nothing to discovery. */
  z.strictObject({ kind: z.literal('off') }),
  /** Accepts connections and never sends a byte again, also on streams that already run. */
  z.strictObject({ kind: z.literal('hang') }),
  /** Another password from now on; whoever is connected is thrown out. */
  z.strictObject({ kind: z.literal('new-password'), password: z.string().min(1).max(64) }),
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
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];
/** As a caller may write it: defaults left out. */
export type FaultInput = z.input<typeof faultSchema>;
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

export const faultKinds = faultSchema.options.map((option) => option.shape.kind.value) as FaultKind[];
