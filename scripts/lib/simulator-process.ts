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

export interface SimulatorProcess {
  child: ManagedChild;
  cameras: SimulatedCamera[];
  discoveryPort: number;
  /** Puts a fault of the simulator's control API on a camera. */
  setFault(number: number, fault: Record<string, unknown>): Promise<void>;
  clearFault(number: number): Promise<void>;
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
    clearFault: async (number) => void (await ask('DELETE', `/cameras/${number}/fault`)),
    stop: () => child.stop(),
  };
}
