import { join, resolve } from 'node:path';
import { ManagedChild } from './child.js';

const root = resolve(import.meta.dirname, '../..');

export interface SimulatedCamera {
  number: number;
  name: string;
  place: string;
  host: string;
  deviceAddress: string;
  /** Without credentials. */
  rtspMainUrl: string;
  username: string;
  password: string;
}

/** Of RTSP: connections and receivers now, and connections ever accepted. */
export interface SimulatorLoad {
  connections: number;
  mainReceivers: number;
  subReceivers: number;
  attempts: number;
}

export interface SimulatorProcess {
  child: ManagedChild;
  cameras: SimulatedCamera[];
  discoveryPort: number;
  /** Puts a fault of the simulator's control API on a camera. */
  setFault(number: number, fault: Record<string, unknown>): Promise<void>;
  /** Ends one kind of fault, or all. */
  clearFault(number: number, kind?: string): Promise<void>;
  /** Changes what is given of a camera's kind (camera-simulator/camera-kind.ts). */
  setKind(number: number, change: Record<string, unknown>): Promise<void>;
  /** Of one camera, or of all together. */
  load(number?: number): Promise<SimulatorLoad>;
  stop(): Promise<void>;
}

/**
 * The camera simulator in a process of its own; resolves when all cameras answer. `onStarted` gets the child before
 * that, so that whoever is interrupted meanwhile can stop it.
 */
export async function startSimulatorProcess(
  args: string[],
  onStarted?: (child: ManagedChild) => void,
): Promise<SimulatorProcess> {
  const main = join(root, 'scripts/camera-simulator/main.ts');
  const child = new ManagedChild('the camera simulator', ['--conditions=source', '--import', 'tsx', main, ...args], {
    cwd: root,
  });
  onStarted?.(child);
  const { control, discovery } = await child.jsonLine<{ control: string; discovery: { port: number } }>(
    'ready',
    240_000,
  );
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(control + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  // The ready line goes where logs go and names no password; the control API does.
  const { cameras } = await ask<{ cameras: SimulatedCamera[] }>('GET', '/cameras');
  return {
    child,
    cameras,
    discoveryPort: discovery.port,
    setFault: async (number, fault) => void (await ask('PUT', `/cameras/${number}/fault`, fault)),
    clearFault: async (number, kind) =>
      void (await ask('DELETE', `/cameras/${number}/fault${kind === undefined ? '' : `?kind=${kind}`}`)),
    setKind: async (number, change) => void (await ask('PUT', `/cameras/${number}/kind`, change)),
    load: async (number) =>
      number === undefined
        ? ask<SimulatorLoad>('GET', '/load')
        : (await ask<{ load: SimulatorLoad }>('GET', `/cameras/${number}`)).load,
    stop: () => child.stop(),
  };
}
