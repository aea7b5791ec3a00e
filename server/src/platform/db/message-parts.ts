/** PostgreSQL takes less than 8,000 bytes a notification. */
const partLength = 7_800;
/** A longer message is only that something was missed. */
const maxParts = 64;

/** A message; without text one that was too long, or came in pieces. */
export interface WholeMessage {
  readonly sender: string;
  readonly text: string | undefined;
}

/** Notifications, in their order, that say a text; of `undefined` one that says that something was missed. */
export function splitMessage(sender: string, number: number, text: string | undefined): string[] {
  const ascii = text && asciiOf(text);
  const count = Math.ceil((ascii?.length ?? 0) / partLength);
  if (ascii === undefined || count === 0 || count > maxParts) return [`${sender} ${number} 0/0 `];
  return Array.from(
    { length: count },
    (_, index) => `${sender} ${number} ${index}/${count} ${ascii.slice(index * partLength, (index + 1) * partLength)}`,
  );
}

/** JSON stays JSON: a character of several bytes is never torn apart. */
const asciiOf = (json: string) =>
  json.replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Puts the parts of each sender's messages together again. */
export class MessageParts {
  readonly #begun = new Map<string, { number: string; count: number; parts: string[] }>();

  /** @returns the message that this part completes, or one without text where parts are missing. */
  take(payload: string): WholeMessage | undefined {
    const match = /^(\S{1,40}) (\d{1,15}) (\d{1,3})\/(\d{1,3}) ([^]*)$/.exec(payload);
    if (match === null) return undefined;
    const [sender, number, index, count, part] = match.slice(1) as [string, string, string, string, string];
    const before = this.#begun.get(sender);
    const begun = index === '0' ? { number, count: Number(count), parts: [] } : before;
    const isTorn = index === '0' ? before !== undefined : begun?.number !== number;
    this.#begun.delete(sender);
    if (begun === undefined || isTorn || count === '0' || begun.parts.length !== Number(index)) {
      return { sender, text: undefined };
    }
    begun.parts.push(part);
    if (begun.parts.length === begun.count) return { sender, text: begun.parts.join('') };
    this.#begun.set(sender, begun);
    return undefined;
  }
}
