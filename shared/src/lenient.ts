import type { z } from 'zod';

/** Something that a schema does not know: where, with `*` for each index, and what stood there. */
export interface Misfit {
  path: string;
  value: string;
}

const maxPasses = 4;
const maxMisfits = 1000;

/**
 * Parses what a newer program may have sent: where only single values do not fit, `fallbacks` (by path, e.g.
 * `cameras.*.reason`) take their place, else the element of the innermost list is left out. Undefined where that does not
 * help. Each place is returned as a misfit, at most 1000.
 */
export function parseLeniently<S extends z.ZodType>(
  schema: S,
  given: unknown,
  fallbacks: Readonly<Record<string, unknown>>,
): { data: z.output<S>; misfits: Misfit[] } | undefined {
  const misfits: Misfit[] = [];
  let value = given;
  for (let pass = 0; pass <= maxPasses; pass += 1) {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { data: parsed.data, misfits: misfits.slice(0, maxMisfits) };
    if (pass === 0) value = JSON.parse(JSON.stringify(given));
    const leftOut = new Map<unknown[], Set<number>>();
    for (const { path } of parsed.error.issues) {
      const pattern = path.map((part) => (typeof part === 'number' ? '*' : String(part))).join('.');
      const misfit = { path: pattern, value: asText(at(value, path)) };
      if (Object.hasOwn(fallbacks, pattern)) {
        const holder = at(value, path.slice(0, -1)) as Record<PropertyKey, unknown>;
        holder[path.at(-1)!] = fallbacks[pattern];
      } else {
        const index = path.findLastIndex((part) => typeof part === 'number');
        if (index < 0) return undefined;
        const list = at(value, path.slice(0, index)) as unknown[];
        leftOut.set(list, (leftOut.get(list) ?? new Set<number>()).add(path[index] as number));
      }
      misfits.push(misfit);
    }
    for (const [list, indexes] of leftOut) {
      list.splice(0, list.length, ...list.filter((_element, index) => !indexes.has(index)));
    }
  }
  return undefined;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part], value);
}

function asText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.slice(0, 100);
}

/** Keys of an object that its schema does not have. */
export function unknownKeys(shape: Readonly<Record<string, unknown>>, value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.keys(value)
    .filter((key) => !Object.hasOwn(shape, key))
    .slice(0, 50)
    .map((key) => key.slice(0, 100));
}
