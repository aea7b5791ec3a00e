import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { brandNames, brands, type Brand, type BrandName } from './brands.js';

export const fleetNames = ['chi-dam', 'cam-thuy'] as const;
export type FleetName = (typeof fleetNames)[number];

const fleetSchema = z.strictObject({
  name: z.enum(fleetNames),
  /** Camera addresses start behind it. */
  network: z.ipv4(),
  centre: z.strictObject({ lat: z.number(), lon: z.number() }),
  /** Taken in turn. */
  brands: z.array(z.enum(brandNames)).min(1),
  areas: z.array(
    z.strictObject({
      name: z.string(),
      province: z.string(),
      cameras: z.number().int().min(1),
      places: z.array(z.string()).min(1),
    }),
  ),
  /** Numbers of the cameras that do not have the commune's password. */
  otherPasswordAt: z.array(z.number().int()),
});

/** The facts of one camera; the same in every run. */
export interface CameraDefinition {
  /** From 1, over the whole fleet. */
  readonly number: number;
  readonly name: string;
  readonly area: string;
  readonly place: string;
  readonly host: string;
  readonly brandName: BrandName;
  readonly brand: Brand;
  readonly model: string;
  readonly serial: string;
  readonly mac: string;
  readonly urn: string;
  readonly username: string;
  readonly password: string;
}

export interface FleetOptions {
  readonly fleet: FleetName;
  /** How many of the fleet's cameras; default all. */
  readonly cameras?: number;
  /** Network whose addresses the cameras take one after the other; default the fleet's own. */
  readonly network?: string;
  /** One address for all cameras instead. */
  readonly sharedHost?: string;
  readonly username: string;
  /** The commune's. */
  readonly password: string;
}

/** Password of a camera that somebody set up differently. */
export const otherPassword = (number: number): string => `rieng-${number}-${(number * 7919) % 1000}`;

/** The cameras of a fleet, in order. Throws RangeError where more are asked for than it has. */
export async function loadFleet(options: FleetOptions): Promise<CameraDefinition[]> {
  const text = await readFile(new URL(`./fleets/${options.fleet}.json`, import.meta.url), 'utf8');
  const fleet = fleetSchema.parse(JSON.parse(text));
  const all = fleet.areas.flatMap((area) =>
    Array.from({ length: area.cameras }, (_, index) => ({
      area,
      place: area.places[index % area.places.length] ?? '',
      index,
    })),
  );
  const count = options.cameras ?? all.length;
  if (!Number.isInteger(count) || count < 1 || count > all.length) {
    throw new RangeError(`${options.fleet} has 1 to ${all.length} cameras, not ${count}`);
  }
  const several = fleet.areas.length > 1;
  return all.slice(0, count).map(({ area, place, index }, position): CameraDefinition => {
    const number = position + 1;
    const brandName = fleet.brands[position % fleet.brands.length] ?? 'hikvision';
    const brand: Brand = brands[brandName];
    const id = createHash('sha256').update(`${fleet.name} ${number}`).digest('hex');
    const mac = `${brand.macPrefix}:${id.slice(0, 2)}:${id.slice(2, 4)}:${id.slice(4, 6)}`;
    return {
      number,
      name: `Cam ${index + 1} – ${place}${several ? `, ${area.name}` : ''}`,
      area: area.name,
      place,
      host: options.sharedHost ?? addressIn(options.network ?? fleet.network, number),
      brandName,
      brand,
      model: brand.models[position % brand.models.length] ?? '',
      serial: id.slice(8, 20).toUpperCase(),
      mac,
      urn: `urn:uuid:${id.slice(20, 28)}-${id.slice(28, 32)}-5${id.slice(33, 36)}-8${id.slice(37, 40)}-${mac.replaceAll(':', '')}`,
      username: options.username,
      password: fleet.otherPasswordAt.includes(number) ? otherPassword(number) : options.password,
    };
  });
}

/** 250 addresses of each /24, so that none ends in 0 or 255. */
function addressIn(network: string, number: number): string {
  const [a = 127, b = 0, c = 0] = network.split('.').map(Number);
  return `${a}.${b}.${c + Math.floor((number - 1) / 250)}.${((number - 1) % 250) + 1}`;
}
