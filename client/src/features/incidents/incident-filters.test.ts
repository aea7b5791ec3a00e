import { describe, expect, it } from 'vitest';
import { countFilters, readIncidentFilters, writeIncidentFilters } from './incident-filters.js';
import type { IncidentFilters } from './incident-filters.js';

const read = (text: string) => readIncidentFilters(new URLSearchParams(text));

describe('incident filters', () => {
  it.each<IncidentFilters>([
    {},
    { text: 'ngã ba', state: 'resolved', category: 'theft', byFootage: true, fromMs: 0, toMs: 86_400_000 },
    { byFootage: false },
  ])('survive the address: %j', (filters) => {
    const written = Object.entries(writeIncidentFilters(filters)).filter(([, value]) => value !== undefined);
    const back = readIncidentFilters(new URLSearchParams(written as [string, string][]));
    expect(Object.fromEntries(Object.entries(back).filter(([, value]) => value !== undefined))).toEqual(filters);
    expect(countFilters(back)).toBe(Object.keys(filters).length);
  });
  it('take junk as absent', () => {
    expect(countFilters(read('state=gone&from=x&resolvedByFootage=maybe&category=&text='))).toBe(0);
  });
});
