// Streams as cameras send them: each picture is recorded once and can be decoded.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseMoof } from '../../server/src/lib/isobmff/moof.js';
import { decodeFragments } from './decode.js';
import { replayCase } from './replay-case.js';
import { readStreamCase } from './stream-case.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../test/fixtures/streams');
const cases = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** Another sample entry where parameter sets change between two keyframes; design/footage.md. */
const entriesOf: Readonly<Record<string, number>> = { 'parameters-change-in-a-group': 2 };

it.each(cases.map(({ name }) => name))('%s', (name) => {
  const one = readStreamCase(join(folder, name));
  const inits = entriesOf[name] ?? 1;
  const { fragments, runs, lostPackets, troubles, failure } = replayCase(one);
  expect({ failure, troubles, lostPackets, runs }).toEqual({
    failure: undefined,
    troubles: [],
    lostPackets: 0,
    runs: inits,
  });
  const samples = fragments.flatMap(({ bytes }) => parseMoof(bytes).samples);
  expect(samples).toHaveLength(one.pictures);
  // No picture takes the place of another.
  for (const { duration } of samples) expect(duration).toBeGreaterThan(900);
  expect(decodeFragments(fragments)).toEqual({ pictures: one.pictures, errorLines: 0, inits });
});
