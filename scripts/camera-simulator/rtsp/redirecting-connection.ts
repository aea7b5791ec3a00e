import type { Socket } from 'node:net';
import { formatResponse, RtspParser } from './rtsp-message.js';

/** Answers whatever is asked with where to ask it: the same address at another port (RFC 2326 11.3.3). */
export function redirect(socket: Socket, port: number): void {
  const parser = new RtspParser();
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    for (const item of parser.push(bytes)) {
      if (item.kind !== 'request') return void socket.destroy();
      const { headers, uri } = item.request;
      const location = uri.replace(/^(rtsp:\/\/[^/:]*)(:\d+)?/i, `$1:${port}`);
      socket.write(
        formatResponse(302, 'Moved Temporarily', [
          ['CSeq', headers.get('cseq') ?? '0'],
          ['Location', location],
        ]),
      );
    }
  });
}
