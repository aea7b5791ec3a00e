/**
 * A dozen moving scenes, described as ffmpeg filter graphs. Streets are drawn from boxes: a ground, houses, a road,
 * and things that move on it; the rest are textures that stand for a river, a crowd, a tree in the wind.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
}

export type SceneKind = 'plain' | 'long-gop' | 'smart-codec' | 'b-frames';

export interface Scene {
  readonly name: string;
  /** How a main stream showing it is encoded: keyframes every 2 s, every 10 s, once a minute, or with B-frames. */
  readonly kind: SceneKind;
  /** Filter graph without inputs that ends in one video output. */
  graph(picture: Picture): string;
}

/** Fractions of the picture's width and height; speed in widths (or heights) a second, negative goes back. */
interface Mover {
  readonly colour: string;
  readonly width: number;
  readonly height: number;
  readonly along: 'x' | 'y';
  readonly lane: number;
  readonly speed: number;
  readonly phase: number;
}

interface Street {
  readonly ground: string;
  readonly sky: string;
  readonly road: string;
  readonly houses: readonly string[];
  readonly crossing: boolean;
  /** Strength of the sensor's noise; night is noisy. */
  readonly noise: number;
  readonly movers: readonly Mover[];
}

const car = (colour: string, lane: number, speed: number, phase: number): Mover => ({
  colour,
  width: 0.11,
  height: 0.075,
  along: 'x',
  lane,
  speed,
  phase,
});
const motorbike = (colour: string, lane: number, speed: number, phase: number): Mover => ({
  ...car(colour, lane, speed, phase),
  width: 0.03,
  height: 0.06,
});
const person = (colour: string, lane: number, speed: number, phase: number): Mover => ({
  ...car(colour, lane, speed, phase),
  width: 0.015,
  height: 0.09,
});
/** Comes up the side road, seen from the front. */
const across = (mover: Mover): Mover => ({ ...mover, along: 'y', height: mover.height * 1.4 });

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);

function skyline({ sky, houses }: { sky: string; houses: readonly string[] }): string[] {
  const share = 1 / houses.length;
  return [
    `drawbox=x=0:y=0:w=iw:h=ih*0.28:color=${sky}:t=fill`,
    ...houses.map((colour, index) => {
      const tall = 0.14 + ((index * 7) % 5) * 0.025;
      const [x, y] = [(index * share).toFixed(3), (0.42 - tall).toFixed(3)];
      return `drawbox=x=iw*${x}:y=ih*${y}:w=iw*${(share * 0.86).toFixed(3)}:h=ih*${tall.toFixed(3)}:color=${colour}:t=fill`;
    }),
  ];
}

function streetGraph(street: Street, { width, height, framesPerSecond }: Picture): string {
  const size = `s=${width}x${height}:r=${framesPerSecond}`;
  const boxes = [
    ...skyline(street),
    `drawbox=x=0:y=ih*0.52:w=iw:h=ih*0.32:color=${street.road}:t=fill`,
    ...(street.crossing ? [`drawbox=x=iw*0.42:y=ih*0.42:w=iw*0.2:h=ih*0.58:color=${street.road}:t=fill`] : []),
    ...Array.from(
      { length: 8 },
      (_, index) => `drawbox=x=iw*${(index / 8).toFixed(3)}:y=ih*0.675:w=iw*0.06:h=4:color=0xd8d8c0:t=fill`,
    ),
  ];
  const parts = [`color=c=${street.ground}:${size},format=yuv420p,${boxes.join(',')}[v0]`];
  street.movers.forEach((mover, index) => {
    const w = even(mover.width * width);
    const h = even(mover.height * height);
    const alongX = mover.along === 'x';
    // Along the road from edge to edge, or along the side road from the houses down.
    const [length, size, start] = alongX ? ['W', w, `-${w}`] : ['H*0.58', h, '+H*0.42'];
    const run = `(${length}+${size})`;
    const at = `mod(mod((${mover.phase}+t*${mover.speed})*${length}\\,${run})+${run}\\,${run})${start}`;
    const [x, y] = alongX ? [at, `H*${mover.lane}`] : [`W*${mover.lane}`, at];
    parts.push(`color=c=${mover.colour}:s=${w}x${h}:r=${framesPerSecond},format=yuv420p[m${index}]`);
    parts.push(`[v${index}][m${index}]overlay=x='${x}':y='${y}':shortest=1[v${index + 1}]`);
  });
  parts.push(`[v${street.movers.length}]noise=alls=${street.noise}:allf=t,format=yuv420p`);
  return parts.join(';');
}

const street = (name: string, kind: SceneKind, description: Street): Scene => ({
  name,
  kind,
  graph: (picture) => streetGraph(description, picture),
});

/** A texture, made small and scaled up, which is quick and gives soft, large shapes, with houses and sky above it. */
const texture = (
  name: string,
  kind: SceneKind,
  source: (small: string, rate: number) => string,
  above: { sky: string; houses: readonly string[]; noise: number },
): Scene => ({
  name,
  kind,
  graph: ({ width, height, framesPerSecond }) => {
    const small = `${even(width / 4)}x${even(height / 4)}`;
    const boxes = [...skyline(above), `drawbox=x=0:y=ih*0.42:w=iw:h=ih*0.04:color=0x6f675a:t=fill`].join(',');
    return `${source(small, framesPerSecond)},scale=${width}:${height}:flags=bilinear,format=yuv420p,${boxes},noise=alls=${above.noise}:allf=t,format=yuv420p`;
  },
});

const day = { sky: '0xa9c6dc', road: '0x6d6d70', noise: 6 };
const night = { sky: '0x0b0f1c', road: '0x20222a', noise: 9 };

/** In this order cameras take them, one after the other. */
export const scenes: readonly Scene[] = [
  street('market-crossroads', 'plain', {
    ...day,
    ground: '0x8f8a7a',
    houses: ['0xc9a27a', '0xd8c9a8', '0xa65f4a', '0x7f99a8', '0xd6b25e'],
    crossing: true,
    movers: [
      car('0xb02a2a', 0.56, 0.16, 0),
      car('0xf0f0f0', 0.72, -0.12, 0.4),
      motorbike('0x1d3f8a', 0.6, 0.22, 0.6),
      across(motorbike('0x222222', 0.5, 0.14, 0.1)),
      person('0xe8c840', 0.44, 0.04, 0.3),
    ],
  }),
  street('night-road', 'plain', {
    ...night,
    ground: '0x14161b',
    houses: ['0x1c2230', '0x232838', '0x181c26'],
    crossing: false,
    movers: [car('0xfff2b0', 0.57, 0.3, 0), car('0x9c1414', 0.72, -0.22, 0.5), motorbike('0xf6e9a0', 0.62, 0.26, 0.8)],
  }),
  street('rice-fields', 'b-frames', {
    ...day,
    ground: '0x6f9a45',
    houses: ['0x5f8a3c', '0x7ba651', '0x86b35a', '0x4f7a35'],
    crossing: false,
    movers: [
      motorbike('0x7a1f1f', 0.6, 0.1, 0.2),
      across(person('0x6b4d2f', 0.3, 0.03, 0.4)),
      car('0x3f6fa8', 0.7, -0.18, 0),
    ],
  }),
  street('school-gate', 'plain', {
    ...day,
    ground: '0xa39c86',
    houses: ['0xe3c04d', '0xe3c04d', '0xb8503a', '0xe3c04d'],
    crossing: false,
    movers: [
      person('0xf5f5f5', 0.43, 0.05, 0),
      person('0xf5f5f5', 0.45, 0.045, 0.1),
      person('0x2846a0', 0.78, -0.05, 0.5),
      person('0xd04848', 0.8, -0.04, 0.7),
      motorbike('0x303030', 0.62, 0.15, 0.4),
    ],
  }),
  texture(
    'river-bank',
    'plain',
    (size, rate) =>
      `cellauto=s=${size}:r=${rate}:rule=110:random_seed=7,boxblur=3:2,colorchannelmixer=rr=0.2:gg=0.4:bb=0.6:bg=0.2:gb=0.1`,
    { sky: day.sky, houses: ['0x5d8a4a', '0x6d9a52', '0x4d7a40'], noise: 4 },
  ),
  street('bus-stop', 'long-gop', {
    ...day,
    ground: '0x9a9488',
    houses: ['0x6f8f9f', '0xb0b8bc', '0x8d7b6a'],
    crossing: false,
    movers: [
      { ...car('0x2f7d4f', 0.53, 0.09, 0.2), width: 0.28, height: 0.14 },
      motorbike('0xc03a3a', 0.72, -0.2, 0),
      person('0x44355b', 0.42, 0.02, 0.6),
    ],
  }),
  texture(
    'village-square',
    'plain',
    (size, rate) => `gradients=s=${size}:r=${rate}:c0=0x4c6b3a:c1=0xb8a27a:c2=0x87a5b5:nb_colors=3:seed=11:speed=0.02`,
    { sky: day.sky, houses: ['0xd8c9a8', '0xb8503a', '0xd8c9a8', '0x9fb0b8'], noise: 6 },
  ),
  street('committee-office', 'smart-codec', {
    ...day,
    ground: '0xb5ad98',
    houses: ['0xd9cf9c', '0xd9cf9c', '0xd9cf9c'],
    crossing: true,
    noise: 3,
    movers: [person('0x3b5b3b', 0.46, 0.03, 0.1), car('0x384a38', 0.66, 0.08, 0.5)],
  }),
  street('bridge-head', 'b-frames', {
    ...day,
    ground: '0x5f8796',
    houses: ['0x7d8a8f', '0x8b979c'],
    crossing: false,
    movers: [
      { ...car('0xd8781e', 0.54, 0.13, 0), width: 0.2, height: 0.12 },
      car('0xe9e9e9', 0.7, -0.2, 0.3),
      motorbike('0x204020', 0.64, 0.19, 0.7),
    ],
  }),
  texture(
    'trees-in-wind',
    'plain',
    (size, rate) =>
      `life=s=${size}:r=${rate}:ratio=0.4:seed=9:mold=30:life_color=0x7fae58:death_color=0x3f6a34:mold_color=0x55843f,boxblur=4:2`,
    { sky: day.sky, houses: ['0x46703a', '0x3a6030', '0x527d42', '0x3f6834', '0x4b763d'], noise: 5 },
  ),
  street('alley-at-night', 'long-gop', {
    ...night,
    ground: '0x1a1a20',
    houses: ['0x2b2730', '0x1f2530', '0x332d28', '0x20242c'],
    crossing: true,
    movers: [across(motorbike('0xffedb0', 0.5, 0.16, 0)), person('0x4a4a55', 0.44, 0.035, 0.5)],
  }),
  texture(
    'market-crowd',
    'plain',
    (size, rate) =>
      `life=s=${size}:r=${rate}:ratio=0.2:seed=5:mold=12:life_color=0xd8b070:death_color=0x604838:mold_color=0x302820,boxblur=1`,
    { sky: '0xb9c4c9', houses: ['0xc9a27a', '0x7f99a8', '0xd6b25e', '0xa65f4a'], noise: 4 },
  ),
];
