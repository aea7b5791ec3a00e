import { expect, it } from 'vitest';
import { stderrFailure } from './stderr-reason.js';

it.each([
  ['[rtsp @ 0x1] method DESCRIBE failed: 401 Unauthorized', false, 'wrong_password'],
  ['pipe:0: Connection refused', false, 'connection_refused'],
  ['[tcp @ 0x1] Connection to tcp://10.0.0.9:554 failed: No route to host', false, 'host_unreachable'],
  ['[rtsp @ 0x1] method DESCRIBE failed: 403 Forbidden', false, 'forbidden'],
  ['[rtsp @ 0x1] method DESCRIBE failed: 404 Not Found', false, 'no_such_stream'],
  ['[rtsp @ 0x1] method SETUP failed: 453 Not Enough Bandwidth', false, 'camera_busy'],
  ['[rtsp @ 0x1] method PLAY failed: 454 Session Not Found', false, 'stream_ended'],
  [
    '[rtsp @ 0x1] method SETUP failed: 461 Unsupported transport\npipe:0: Protocol not supported',
    false,
    'unsupported_transport',
  ],
  // Over TCP it is refused, over UDP it begins, and ends.
  [
    '[rtsp @ 0x1] method SETUP failed: 461 Unsupported transport\n[rtsp @ 0x1] Could not find codec parameters for stream 0 (Video: h264, none): unspecified size',
    false,
    'no_stream',
  ],
  ['[rtsp @ 0x1] method SETUP failed: 461 Unsupported transport', false, 'no_stream'],
  ['[rtsp @ 0x1] method DESCRIBE failed: 500 Internal Server Error', false, 'stream_refused'],
  ['Output #0, mp4, to pipe:1:\nOutput file #0 does not contain any stream', false, 'not_video'],
  ['Could not find codec parameters for stream 0 (Video: h264, none): unspecified size', false, 'no_stream'],
  ['Could not find codec parameters for stream 0 (Video: none, none): unspecified size', false, 'not_video'],
  ['pipe:0: Invalid data found when processing input', false, 'bad_answer'],
  ['', false, 'no_stream'],
  ['', true, 'stream_ended'],
  ['[rtsp @ 0x1] Connection reset by peer', true, 'stream_ended'],
  ['free(): invalid pointer', false, 'engine_failed'],
])('%j, frames %s: %s', (stderr, framesCame, reason) => {
  expect(stderrFailure(stderr, framesCame).reason).toBe(reason);
});
