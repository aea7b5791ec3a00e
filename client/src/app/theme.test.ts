import { defaultCssVariablesResolver, mergeMantineTheme, DEFAULT_THEME } from '@mantine/core';
import { describe, expect, it } from 'vitest';
import { cssVariables, theme } from './theme.js';

const merged = mergeMantineTheme(DEFAULT_THEME, theme);
const base = defaultCssVariablesResolver(merged);
const own = cssVariables(merged);

/** The colour of a variable, followed through other variables. */
function colour(scheme: 'light' | 'dark', name: string): string {
  const all: Record<string, string> = { ...base.variables, ...base[scheme], ...own.variables, ...own[scheme] };
  const value = all[name] ?? '';
  const other = /^var\((--[\w-]+)\)$/.exec(value)?.[1];
  return other === undefined ? value : colour(scheme, other);
}

function luminance(text: string): number {
  const numbers = text.startsWith('#')
    ? [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16))
    : [...text.matchAll(/[\d.]+/g)].slice(0, 3).map(([number]) => Number(number));
  if (numbers.length !== 3 || numbers.some((number) => !Number.isFinite(number))) throw new Error(`no colour: ${text}`);
  const [red = 0, green = 0, blue = 0] = numbers.map((number) => {
    const part = number / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast by WCAG 2.2. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const colours = ['red', 'orange', 'yellow', 'teal', 'blue', 'gray', 'watch'];
const states = ['alive', 'degraded', 'down', 'paused', 'unknown', 'maintenance'];

describe.each(['light', 'dark'] as const)('contrast of at least 4.5:1 in the %s theme', (scheme) => {
  const of = (name: string) => colour(scheme, name);
  const surfaces = ['--surface', '--surface-sunken'];

  it('measures as the standard does', () => expect(contrast('#ffffff', '#767676')).toBeCloseTo(4.54, 2));

  it.each(surfaces)('text of an error, of a state and dimmed text on %s', (surface) => {
    for (const name of [
      '--mantine-color-error',
      '--mantine-color-dimmed',
      ...states.map((state) => `--state-${state}`),
    ])
      expect(contrast(of(name), of(surface)), name).toBeGreaterThanOrEqual(4.5);
  });
  it.each(colours)('badges and alerts in %s', (name) => {
    expect(
      contrast(of(`--mantine-color-${name}-light-color`), of(`--mantine-color-${name}-light`)),
    ).toBeGreaterThanOrEqual(4.5);
  });
  it.each(['red', 'teal', 'watch'])('white on %s', (name) => {
    expect(contrast('#ffffff', of(`--mantine-color-${name}-filled`))).toBeGreaterThanOrEqual(4.5);
    expect(contrast('#ffffff', of(`--mantine-color-${name}-filled-hover`))).toBeGreaterThanOrEqual(4.5);
  });
});
