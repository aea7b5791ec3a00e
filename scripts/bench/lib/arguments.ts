import { parseArgs } from 'node:util';

/** A mistake of whoever typed the command: one sentence, exit code 2. */
export class UsageError extends Error {}

interface NumberOption {
  readonly kind: 'number';
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly help: string;
}
interface BitrateOption {
  readonly kind: 'bitrate';
  readonly fallback: number;
  readonly help: string;
}
interface TextOption {
  readonly kind: 'text';
  readonly help: string;
}
export type BenchOption = NumberOption | BitrateOption | TextOption;

type Values<O extends Record<string, BenchOption>> = {
  [K in keyof O]: O[K] extends TextOption ? string | undefined : number;
} & { json: boolean; folder: string | undefined };

const common = {
  folder: { kind: 'text', help: 'where footage is written (default: the temporary folder of the system)' },
} as const satisfies Record<string, BenchOption>;

/** `1.5M`, `1500k`, `1500000`; a bare number below 50 is Mbit/s, below 50 000 kbit/s. Result in kbit/s. */
export function parseBitrateKbps(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kM]?)(?:bit\/s|bps|b)?$/i.exec(text.trim());
  const value = Number(match?.[1]);
  const unit = match?.[2]?.toLowerCase();
  const kbps = unit === 'k' ? value : unit === 'm' || value < 50 ? value * 1000 : value < 50_000 ? value : value / 1000;
  if (match === null || !(kbps >= 32 && kbps <= 20_000))
    throw new UsageError(`--bitrate takes 32k to 20M bit/s, e.g. 1.5M, not "${text}"`);
  return Math.round(kbps);
}

/** Reads the command line; prints the usage and exits for --help. Exits with 2 and a sentence for what is wrong. */
export function benchArguments<O extends Record<string, BenchOption>>(
  name: string,
  about: string,
  own: O,
  args = process.argv.slice(2),
): Values<O> {
  try {
    return read(name, about, own, args);
  } catch (error) {
    process.stderr.write(`bench:${name}: ${(error as Error).message}\n`);
    process.exit(2);
  }
}

function read<O extends Record<string, BenchOption>>(name: string, about: string, own: O, args: string[]): Values<O> {
  const options: Record<string, BenchOption> = { ...own, ...common };
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      ...Object.fromEntries(Object.keys(options).map((key) => [key, { type: 'string' as const }])),
    },
  }) as { values: Record<string, string | boolean | undefined> };
  if (values.help === true) {
    const lines = Object.entries(options).map(([key, option]) => `  --${key.padEnd(12)} ${describe(option)}`);
    process.stdout.write(
      `npm run bench:${name} -- [options]\n${about}\n${lines.join('\n')}\n  --json         prints one JSON object as the last line\n`,
    );
    process.exit(0);
  }
  const parsed = Object.entries(options).map(([key, option]) => [key, valueOf(key, option, values[key])]);
  return { ...Object.fromEntries(parsed), json: values.json === true } as Values<O>;
}

function describe(option: BenchOption): string {
  if (option.kind === 'text') return option.help;
  return `${option.help} (default ${option.fallback}${option.kind === 'bitrate' ? 'k' : ''})`;
}

function valueOf(key: string, option: BenchOption, given: string | boolean | undefined): number | string | undefined {
  if (option.kind === 'text') return given as string | undefined;
  if (given === undefined) return option.fallback;
  if (option.kind === 'bitrate') return parseBitrateKbps(given as string);
  const value = Number(given);
  if (!(value >= option.min && value <= option.max))
    throw new UsageError(`--${key} takes a number from ${option.min} to ${option.max}, not "${String(given)}"`);
  return value;
}
