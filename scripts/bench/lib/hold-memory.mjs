// Holds as many bytes of memory as it is told, until it is ended. The first to go where memory runs out.
import { writeFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const blockBytes = 64 * 1024 * 1024;
writeFileSync('/proc/self/oom_score_adj', '1000');
const blocks = [];
for (let left = Number(process.argv[2]); left > 0; left -= blockBytes) blocks.push(Buffer.alloc(blockBytes, 1));
process.send({ type: 'held', blocks: blocks.length });
setInterval(() => blocks.length, 60_000);
