import { expect, it } from 'vitest';
import { MessageParts, splitMessage } from './message-parts.js';

const textOf = (length: number) => JSON.stringify({ text: 'Ngã ba chợ 🚓 "'.repeat(length) });
const taken = (parts: MessageParts, payloads: readonly string[]) => payloads.map((payload) => parts.take(payload));

it.each([0, 1, 400, 2000])('text of %s words comes as it was sent, in pieces that PostgreSQL takes', (words) => {
  const sent = splitMessage('a', 1, textOf(words));
  for (const part of sent) expect(Buffer.byteLength(part)).toBeLessThan(8000);
  const got = taken(new MessageParts(), sent);
  expect(got.slice(0, -1).every((one) => one === undefined)).toBe(true);
  expect(JSON.parse(got.at(-1)?.text ?? '')).toEqual(JSON.parse(textOf(words)));
});

it('pieces of several senders do not mix', () => {
  const parts = new MessageParts();
  const [one, other] = [splitMessage('a', 1, textOf(400)), splitMessage('b', 1, textOf(401))];
  const both = one.flatMap((part, index) => [part, other[index] ?? '']);
  const whole = taken(parts, both).filter((got) => got !== undefined);
  expect(whole.map(({ sender }) => sender)).toEqual(['a', 'b']);
  expect(whole.every(({ text }) => text !== undefined)).toBe(true);
});

it('says that something was missed: a piece, the beginning, a message that is too long, or what the sender says', () => {
  const sent = splitMessage('a', 1, textOf(2000));
  expect(sent.length).toBeGreaterThan(3);
  const missed = { sender: 'a', text: undefined };
  expect(new MessageParts().take(sent[1]!)).toEqual(missed);
  expect(taken(new MessageParts(), [sent[0]!, sent[2]!])).toEqual([undefined, missed]);
  expect(taken(new MessageParts(), [sent[0]!, ...splitMessage('a', 2, '{}')])).toEqual([undefined, missed]);
  expect(taken(new MessageParts(), splitMessage('a', 1, textOf(60_000)))).toEqual([missed]);
  expect(taken(new MessageParts(), splitMessage('a', 1, undefined))).toEqual([missed]);
  expect(new MessageParts().take('what another program says')).toBeUndefined();
});
