import fc from 'fast-check';
import { z } from 'zod';
import type { Route } from './route.js';

/** Values by the last word of a field or parameter name, so that some inputs get past the first check. */
export type Known = Record<string, readonly string[]>;

export interface BadInput {
  path: string;
  /** JSON text; undefined where the route has no body. */
  body: string | undefined;
}

type Schema = Record<string, unknown>;

const nastyTexts = [
  '',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff x',
  "'; DROP TABLE account; --",
  '%',
  '_',
  '"*"',
  '\\',
  'NEAR(a b)',
  '__proto__',
  '../../etc/passwd',
  '-1',
  '0',
  '1e999',
  'NaN',
  '9223372036854775808',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '+275760-09-13T00:00:00.000Z',
  '2026-11-22T00:00:00.000Z',
  'true',
  '🜁'.repeat(50),
  'x'.repeat(5000),
];
const nastyValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, [], {}, [[[]]], [null]),
  fc.constantFrom(...nastyTexts),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

/** Inputs of every kind for a route: right ones, nearly right ones, and such that no form ever sends. */
export function badInputs(route: Route, known: Known): fc.Arbitrary<BadInput> {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  const values = fc.tuple(...names.map((name) => textFor(name, known)));
  const path = values.map((texts) =>
    names.reduce((made, name, index) => made.replace(`:${name}`, escape(texts[index] ?? '')), route.path),
  );
  const query = route.query === undefined ? fc.constant({}) : valueOf(jsonSchema(route.query), 'query', known);
  const body: fc.Arbitrary<unknown> =
    route.body === undefined ? fc.constant(undefined) : valueOf(jsonSchema(route.body), 'body', known);
  return fc.tuple(path, query, body).map(([at, asked, sent]) => ({
    path: `${at}${queryText(asked)}`,
    body: route.body === undefined ? undefined : JSON.stringify(sent),
  }));
}

function textFor(name: string, known: Known): fc.Arbitrary<string> {
  const right = known[name] ?? known[lastWord(name)] ?? [];
  const nasty = fc.constantFrom(...nastyTexts);
  return right.length === 0
    ? nasty
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: nasty });
}

function valueOf(schema: Schema, name: string, known: Known): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: fitting(schema, name, known) }, { weight: 1, arbitrary: nastyValues });
}

function fitting(schema: Schema, name: string, known: Known): fc.Arbitrary<unknown> {
  const choices = schema['enum'] as unknown[] | undefined;
  if (choices !== undefined) return fc.constantFrom(...choices);
  if ('const' in schema) return fc.constant(schema['const']);
  const branches = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => fitting(branch, name, known)));
  switch (schema['type']) {
    case 'object':
      return objectOf(schema, known);
    case 'array':
      return fc.array(valueOf((schema['items'] ?? {}) as Schema, name, known), { maxLength: 3 });
    case 'integer':
    case 'number':
      return fc.oneof(
        fc.integer({ min: Number(schema['minimum'] ?? -3), max: Number(schema['minimum'] ?? -3) + 100 }),
        fc.constantFrom(
          ...[schema['minimum'], schema['maximum'], -1, 0, 2 ** 31, 2 ** 53].filter((one) => one !== undefined),
        ),
      );
    case 'boolean':
      return fc.boolean();
    default:
      return fc.oneof(textFor(name, known), fc.string({ maxLength: 12 }), fc.constant('một câu bình thường'));
  }
}

function objectOf(schema: Schema, known: Known): fc.Arbitrary<Record<string, unknown>> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const required = new Set(schema['required'] as string[] | undefined);
  const fields = properties.map(([name, property]) => {
    const value = valueOf(property, name, known).map((made): [string, unknown][] => [[name, made]]);
    const weight = required.has(name) ? 12 : 2;
    return fc.oneof({ weight, arbitrary: value }, { weight: 1, arbitrary: fc.constant<[string, unknown][]>([]) });
  });
  const extra = fc.oneof(
    { weight: 9, arbitrary: fc.constant<[string, unknown][]>([]) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('constructor', 'toString', 'id')
        .map((key): [string, unknown][] => [[key, { polluted: true }]]),
    },
  );
  return fc.tuple(...fields, extra).map((entries) => Object.fromEntries(entries.flat()));
}

function queryText(asked: unknown): string {
  if (typeof asked !== 'object' || asked === null) return '?a=b&a=c&__proto__=x&%00=1';
  const pairs = Object.entries(asked).flatMap(([name, value]) => {
    const texts = Array.isArray(value) ? value : [value];
    return texts.map(
      (text) => `${escape(name)}=${escape(typeof text === 'object' ? JSON.stringify(text) : String(text))}`,
    );
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Also of what is no valid text, whose half of a surrogate pair becomes bytes that are no UTF-8. */
function escape(text: string): string {
  return [...text].map((one) => (/\p{Surrogate}/u.test(one) ? '%ED%A0%80' : encodeURIComponent(one))).join('');
}

function lastWord(name: string): string {
  return /[A-Z][a-z]+$/.exec(name)?.[0].toLowerCase() ?? name;
}

function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
}
