import type { BrandName } from './brands.js';

export const deviceShapes = ['camera', 'nvr-16', 'nvr-32', 'xvr', 'dual-lens', 'multi-sensor'] as const;
export type DeviceShape = (typeof deviceShapes)[number];

/** One input of a device with several. */
export interface DeviceInput {
  /** From 1. */
  readonly number: number;
  readonly sourceToken: string;
  readonly tokens: { readonly main: string; readonly sub: string };
  /** Of RTSP. */
  readonly paths: { readonly main: string; readonly sub: string };
  /** Nothing is plugged in: it is listed, and gives no picture. */
  readonly isEmpty: boolean;
  /** Of its main stream, where the device and not the camera behind it decides. */
  readonly size?: { readonly width: number; readonly height: number };
}

interface Shape {
  readonly model: string;
  readonly inputs: number;
  /** Numbers of the inputs without a camera. */
  readonly empty: readonly number[];
  readonly style: BrandName;
  readonly sizes?: readonly { readonly width: number; readonly height: number }[];
  /** It records by itself, and says so by a recording service. */
  readonly records: boolean;
}

const shapes: Record<Exclude<DeviceShape, 'camera'>, Shape> = {
  'nvr-16': { model: 'DS-7616NI-K2', inputs: 16, empty: [5, 15, 16], style: 'hikvision', records: true },
  'nvr-32': { model: 'DS-7732NI-K4', inputs: 32, empty: [3, 30, 31, 32], style: 'hikvision', records: true },
  // 960H and D1, with pixels that are not square.
  xvr: {
    ...{ model: 'DH-XVR5108HS', inputs: 8, empty: [8], style: 'dahua', records: true },
    sizes: [
      { width: 960, height: 576 },
      { width: 704, height: 576 },
    ],
  },
  'dual-lens': { model: 'IPC-S7UP-11M0WED', inputs: 2, empty: [], style: 'dahua', records: false },
  'multi-sensor': { model: 'DS-2CD6944G0-IHS', inputs: 4, empty: [], style: 'hikvision', records: false },
};

export function shapeOf(shape: DeviceShape): Shape | undefined {
  return shape === 'camera' ? undefined : shapes[shape];
}

/** The inputs of a device in the manner of its maker; none of a plain camera. */
export function inputsOf(device: DeviceShape): DeviceInput[] {
  const shape = shapeOf(device);
  if (shape === undefined) return [];
  return Array.from({ length: shape.inputs }, (_, index): DeviceInput => {
    const number = index + 1;
    const size = shape.sizes?.[index % shape.sizes.length];
    return {
      ...{ number, isEmpty: shape.empty.includes(number), ...(size === undefined ? {} : { size }) },
      ...(shape.style === 'hikvision' ? hikvisionInput(number) : dahuaInput(number)),
    };
  });
}

function hikvisionInput(number: number) {
  const path = (stream: number) => `/Streaming/Channels/${number}0${stream}?transportmode=unicast`;
  return {
    sourceToken: `VideoSource_${number}`,
    tokens: { main: `Profile_${number}01`, sub: `Profile_${number}02` },
    paths: { main: path(1), sub: path(2) },
  };
}

function dahuaInput(number: number) {
  const channel = String(number - 1).padStart(3, '0');
  const path = (subtype: number) => `/cam/realmonitor?channel=${number}&subtype=${subtype}&unicast=true&proto=Onvif`;
  return {
    sourceToken: `00${channel}`,
    tokens: { main: `MediaProfile${channel}00`, sub: `MediaProfile${channel}01` },
    paths: { main: path(0), sub: path(1) },
  };
}

/** Number in the stamp of an input's pictures: 1007 is input 7 of device 1. */
export const stampNumberOf = (device: number, input: number): number => device * 1000 + input;
