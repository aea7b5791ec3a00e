import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { z } from 'zod';

/** Items that are checked and written at once: a few milliseconds of work. */
const itemsAtOnce = 250;

/** A long list, and the schema of one of its items. */
interface LongList {
  items: readonly unknown[];
  item: z.ZodType;
  rest: Record<string, unknown>;
  restSchema: z.ZodType;
}

/** Undefined where the answer is not a list by its schema, or a short one: then it is written as a whole. */
function longListOf(schema: z.ZodType, result: unknown): LongList | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const { items: itemsSchema, ...others } = schema.shape as Record<string, z.ZodType>;
  const { items, ...rest } = result as Record<string, unknown>;
  if (!(itemsSchema instanceof z.ZodArray) || !Array.isArray(items) || items.length <= itemsAtOnce) return undefined;
  return { items, item: itemsSchema.element as z.ZodType, rest, restSchema: z.object(others) };
}

/**
 * A list whose items' JSON is kept from one answer to the next. Each was checked against the schema of an item when it
 * was made, by `ReadyList.json`.
 */
export class ReadyList<Item extends z.ZodType = z.ZodType> {
  readonly item: Item;
  readonly #json: readonly string[];

  constructor(item: Item, json: readonly string[]) {
    this.item = item;
    this.#json = json;
  }

  /** @throws ZodError where the value breaks the schema */
  static json<Item extends z.ZodType>(item: Item, value: z.input<Item>): string {
    return JSON.stringify(item.parse(value));
  }

  /** The JSON of `{ items }` in pieces. */
  *parts(): Generator<string> {
    const all = this.#json;
    yield '{"items":[';
    for (let start = 0; start < all.length; start += itemsAtOnce) {
      yield `${start === 0 ? '' : ','}${all.slice(start, start + itemsAtOnce).join(',')}`;
    }
    yield ']}';
  }
}

/** Whether that is the schema of a list of just these items. */
export function isListOf(schema: z.ZodType, item: z.ZodType): boolean {
  if (!(schema instanceof z.ZodObject)) return false;
  const { items, ...others } = schema.shape as Record<string, z.ZodType>;
  return items instanceof z.ZodArray && items.element === item && Object.keys(others).length === 0;
}

/**
 * The JSON of a long list, checked against its schema as every answer is, in parts with turns of the loop between them:
 * thousands of cameras at once would keep every picture waiting. Undefined for anything else.
 * @throws the error of `check` where an item breaks its schema; nothing has been sent then.
 */
export async function longListJson(
  schema: z.ZodType,
  result: unknown,
  check: (schema: z.ZodType, value: unknown) => unknown,
): Promise<string[] | undefined> {
  const list = longListOf(schema, result);
  if (list === undefined) return undefined;
  const parts: string[] = [];
  const part = z.array(list.item);
  for (let start = 0; start < list.items.length; start += itemsAtOnce) {
    if (start > 0) await turnOfTheLoop();
    const json = JSON.stringify(check(part, list.items.slice(start, start + itemsAtOnce)));
    parts.push(`${start === 0 ? '{"items":[' : ','}${json.slice(1, -1)}`);
  }
  const rest = JSON.stringify(check(list.restSchema, list.rest)).slice(1);
  parts.push(`]${rest === '}' ? rest : `,${rest}`}`);
  return parts;
}
