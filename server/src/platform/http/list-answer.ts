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
