import { startSimulatorProcess, type SimulatedCamera, type SimulatorProcess } from '../../lib/simulator-process.js';
import type { Bench } from './bench.js';

/** The first `cameras` of the district of 515, in a process of their own, at addresses and ports of this run. */
export async function startFleet(
  bench: Bench,
  options: { cameras: number; bitrateKbps: number },
): Promise<SimulatorProcess & { pid: number }> {
  bench.say(
    `Starting ${options.cameras} simulated cameras of ${options.bitrateKbps} kbit/s (scenes are drawn the first time) …`,
  );
  const args = ['--fleet', 'cam-thuy', '--cameras', String(options.cameras)];
  args.push('--bitrate-kbps', String(options.bitrateKbps), '--discovery-port', '0');
  // Two runs on one machine do not meet: 256 networks of 16 bits.
  args.push('--network', `127.${64 + (process.pid % 128)}.0.0`);
  const simulator = await startSimulatorProcess(args, (child) => bench.onEnd(child.name, () => child.stop()));
  const pid = simulator.child.process.pid;
  if (pid === undefined) throw new Error('the camera simulator has no process');
  return { ...simulator, pid };
}

export function addressWithCredentials(camera: SimulatedCamera): string {
  const url = new URL(camera.rtspMainUrl);
  url.username = encodeURIComponent(camera.username);
  url.password = encodeURIComponent(camera.password);
  return url.href;
}
