import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { PostgresChannel } from './postgres-channel.js';

/** Messages of a server, "Frontend/Backend Protocol" of PostgreSQL's manual: a letter, a length, a body. */
function message(type: string, body = Buffer.alloc(0)): Buffer {
  const head = Buffer.from(`${type}    `, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const ready = message('Z', Buffer.from('I'));
const done = message('C', Buffer.from('SELECT 1\0'));
const answers: Record<string, Buffer | undefined> = {
  Q: Buffer.concat([done, ready]),
  P: message('1'),
  B: message('2'),
  D: message('n'),
  E: done,
  S: ready,
};

/** As much of PostgreSQL as LISTEN and pg_notify need: what one connection notifies the listening ones are sent. */
class ListeningServer {
  readonly listening = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  port = 0;

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.listening) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    let rest = Buffer.alloc(0);
    let isStarted = false;
    socket.on('error', () => undefined);
    socket.on('close', () => this.listening.delete(socket));
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      for (;;) {
        const at = isStarted ? 1 : 0;
        if (rest.length < at + 4) return;
        const length = rest.readInt32BE(at) + at;
        if (rest.length < length) return;
        const [type, body] = [rest.toString('latin1', 0, at), rest.subarray(at + 4, length)];
        rest = rest.subarray(length);
        if (isStarted) this.#answer(socket, type, body);
        else socket.write(Buffer.concat([message('R', int32(0)), ready]));
        isStarted = true;
      }
    });
  }

  #answer(socket: Socket, type: string, body: Buffer): void {
    if (type === 'Q' && body.toString().startsWith('LISTEN')) this.listening.add(socket);
    if (type === 'B') for (const part of partsOf(body)) this.#notify(part);
    const answer = answers[type];
    if (answer === undefined) socket.end();
    else socket.write(answer);
  }

  #notify(payload: string): void {
    const body = Buffer.concat([int32(1), Buffer.from(`choi_canh_console\0${payload}\0`)]);
    for (const socket of this.listening) socket.write(message('A', body));
  }
}

/** The elements of the array that is bound as the second parameter, as pg writes it: `{"…","…"}`. */
function partsOf(bind: Buffer): string[] {
  const text = bind.toString('utf8');
  const array = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  return [...array.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => (part ?? '').replaceAll(/\\(.)/g, '$1'));
}

const server = new ListeningServer();
const made: PostgresChannel[] = [];
async function listener(sent: string[] = []) {
  const channel = new PostgresChannel({ url: `postgres://x:y@127.0.0.1:${server.port}/z`, logger: silentLogger });
  made.push(channel);
  const heard: string[] = [];
  const start = () => channel.start({ heard: (text) => heard.push(text), missed: () => heard.push('missed') });
  await start();
  for (const text of sent) channel.send(text);
  return { channel, heard, start };
}
const until = async (what: string, check: () => boolean) => {
  const endsAt = performance.now() + 20_000;
  while (!check()) {
    if (performance.now() > endsAt) throw new Error(`waited too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

beforeEach(() => server.start());
afterEach(async () => {
  for (const channel of made.splice(0)) await channel.stop();
  await server.stop();
});

it('what one console says the others hear in its order, whatever its length', async () => {
  const [one, other, third] = [await listener(), await listener(), await listener()];
  const texts = Array.from({ length: 120 }, (_, index) =>
    JSON.stringify({ index, text: 'Ngã ba "chợ" '.repeat(index * 9) }),
  );
  for (const text of texts) one.channel.send(text);
  for (const { heard } of [other, third]) {
    await until('all are heard', () => heard.length === texts.length);
    expect(heard.map((text) => JSON.parse(text) as unknown)).toEqual(texts.map((text) => JSON.parse(text) as unknown));
  }
  expect(one.heard).toEqual([]);
});

it('says that something may be missing after the connection was lost, and then what was to be said meanwhile', async () => {
  const [one, other] = [await listener(), await listener()];
  await server.stop();
  await until('both are lost', () => server.listening.size === 0);
  one.channel.send('"said while away"');
  await server.start();
  await until('both listen again', () => server.listening.size === 2);
  await until('they hear so', () => one.heard.includes('missed') && other.heard.includes('missed'));
  one.channel.send('"afterwards"');
  await until('it goes on', () => other.heard.includes('"afterwards"'));
  // The other may have come back later than what was said; then it heard that it missed something.
  expect(other.heard.filter((text) => text !== 'missed' && text !== '"said while away"')).toEqual(['"afterwards"']);
});

it('that it cannot be heard at first keeps nobody from starting, and it ends at any time', async () => {
  await server.stop();
  const { channel, heard, start } = await listener();
  await channel.stop();
  await server.start();
  await start();
  const other = await listener();
  other.channel.send('1');
  await until('it is heard', () => heard.includes('1'));
});
