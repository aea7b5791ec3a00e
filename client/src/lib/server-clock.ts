let offsetMs = 0;

/** Takes the server's wall time from an answer; `sentAtMs` and `receivedAtMs` are the browser's clock around it. */
export function setServerNow(serverNow: string, sentAtMs: number, receivedAtMs: number): void {
  const serverMs = Date.parse(serverNow);
  if (Number.isFinite(serverMs)) offsetMs = serverMs - (sentAtMs + receivedAtMs) / 2;
}

/** UTC milliseconds by the server's clock: the browser's own may be wrong by hours. */
export function serverNowMs(): number {
  return Date.now() + offsetMs;
}

/** Server minus browser. */
export function serverOffsetMs(): number {
  return offsetMs;
}
