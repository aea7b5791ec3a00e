const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Where a device sends us from http to https of the same host; the path stays as it was asked for. Undefined for every
 * other redirection: those are not followed.
 */
export function secureRedirect(from: URL, status: number, location: string): URL | undefined {
  if (!redirects.has(status) || from.protocol !== 'http:' || location.length > 500) return undefined;
  if (!/^https:\/\//i.test(location) || !URL.canParse(location)) return undefined;
  const to = new URL(location);
  if (to.hostname !== from.hostname || to.username + to.password !== '') return undefined;
  return new URL(`${from.pathname}${from.search}`, to.origin);
}
