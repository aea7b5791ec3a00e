import { z } from 'zod';

/**
 * Pairing of a console with a recorder on another machine (server/design/recorder-link.md); the only requests that a
 * recorder answers to whom it does not know.
 *
 *   GET  /v1/pairing     pairingHello
 *   POST /v1/pairing     pairingRequest → pairingAnswer; the connection has a certificate of the console
 */
export const pairingHello = z.object({ product: z.literal('choi-canh-recorder'), protocol: z.string().max(20) });

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
export const pairingRequest = z.object({ nonce: hex32, proof: hex32, takeOver: z.boolean() });
export type PairingRequest = z.infer<typeof pairingRequest>;
/** The recorder knows the code too, and sees the same keys. */
export const pairingAnswer = z.object({ proof: hex32 });
export type PairingAnswer = z.infer<typeof pairingAnswer>;
