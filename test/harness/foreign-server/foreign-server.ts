import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ForeignStream {
  /** As gst-launch takes it; payloaders are named `pay0`, `pay1`. */
  readonly launch: string;
  /** RTP over TCP is refused. */
  readonly udpOnly?: boolean;
  /** H.264 of an encoder that runs from the beginning, whoever looks; it ends with its payloader. */
  readonly isRunning?: boolean;
}

export interface ForeignServer {
  readonly auth: 'none' | 'basic' | 'digest';
  readonly user?: string;
  readonly password?: string;
  /** Certificate and key, PEM: RTSP over TLS alone. */
  readonly tls?: string;
  readonly streams: Readonly<Record<string, ForeignStream>>;
}

/** Debian's Python: what another one on the path has of GStreamer is not known. */
const python = '/usr/bin/python3';

/** Servers of GStreamer's RTSP in a process of their own. */
export async function startForeignServers(
  servers: readonly ForeignServer[],
): Promise<{ ports: number[]; stop(): Promise<void> }> {
  const script = fileURLToPath(new URL('./streams.py', import.meta.url));
  const child = spawn(python, [script, JSON.stringify(servers)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    return {
      ports: JSON.parse(line) as number[],
      async stop() {
        child.stdin.end();
        await exited;
      },
    };
  }
  throw new Error('the foreign server did not start: are its packages installed?');
}
