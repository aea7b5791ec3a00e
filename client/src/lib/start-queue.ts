/**
 * Lets at most `limit` players start at once: over HTTP/1.1 a browser opens six connections to a host, and sixteen
 * tiles that all ask first would each wait for all the others.
 */
export function createStartQueue(limit: number) {
  const waiting: (() => void)[] = [];
  let running = 0;

  const next = () => {
    while (running < limit) {
      const start = waiting.shift();
      if (start === undefined) return;
      running += 1;
      start();
    }
  };

  return {
    /** Calls `start` when it is this one's turn. The returned function gives the turn back, or leaves the queue. */
    enter(start: () => void): () => void {
      let state: 'waiting' | 'running' | 'left' = 'waiting';
      const turn = () => {
        state = 'running';
        start();
      };
      waiting.push(turn);
      next();
      return () => {
        if (state === 'left') return;
        if (state === 'running') running -= 1;
        else waiting.splice(waiting.indexOf(turn), 1);
        state = 'left';
        next();
      };
    },
  };
}
export type StartQueue = ReturnType<typeof createStartQueue>;
