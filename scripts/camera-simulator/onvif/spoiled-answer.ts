import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export type SpoiledAnswer = { kind: 'junk' } | { kind: 'oversized'; bytes: number };

const chunkBytes = 64 * 1024;

/** Bad input on purpose: bytes that are no SOAP, or a SOAP answer that does not end for a long while. */
export async function sendSpoiledAnswer(response: ServerResponse, answer: SpoiledAnswer): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/soap+xml; charset=utf-8' });
  if (answer.kind === 'junk') {
    const torn =
      '<?xml version="1.0"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><tds:Get';
    response.end(Buffer.concat([Buffer.from(torn), Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x3c, 0x26, 0xc3, 0x28])]));
    return;
  }
  try {
    await pipeline(Readable.from(endless(answer.bytes)), response);
  } catch {
    response.destroy(); // the client had enough, which is what it should do
  }
}

function* endless(bytes: number): Generator<Buffer> {
  yield Buffer.from(
    '<?xml version="1.0"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><x>',
  );
  const filling = Buffer.alloc(chunkBytes, 'a');
  for (let sent = 0; sent < bytes; sent += chunkBytes) yield filling.subarray(0, Math.min(chunkBytes, bytes - sent));
  yield Buffer.from('</x></env:Body></env:Envelope>');
}
