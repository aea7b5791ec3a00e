/* global self, caches, clients, Request, build */
/**
 * Lets the application start, and go from page to page, while its server is away. It keeps the built files of this
 * version and nothing else: no answer of the API, no media, nothing of a session ever passes through a cache here.
 * `build` ({ version, files }) is put before this file by the build.
 */
const prefix = 'choi-canh-';
const cacheName = prefix + build.version;
const shell = '/';
/** A server that takes a page request and stays silent for so long is away. */
const navigationTimeoutMs = 4000;
const atOnce = 4;

self.addEventListener('install', (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(forgetOld().then(() => clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api/')) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(asset(request, url.pathname));
  else if (build.files.includes(url.pathname)) event.respondWith(newest(request, url.pathname));
});

/** All files of this version, or none: a failed fetch fails the installation, and the browser tries again later. */
async function fill() {
  const cache = await caches.open(cacheName);
  const waiting = [...build.files];
  const worker = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const hashed = path.startsWith('/assets/');
      const known = hashed ? await caches.match(path, { ignoreVary: true }) : undefined;
      const response = known ?? (await fetch(new Request(path, { cache: hashed ? 'default' : 'no-cache' })));
      if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
      await cache.put(path, response);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The version before this one stays: pages that were loaded from it are still open. */
async function forgetOld() {
  const others = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== cacheName);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

/** From the server, so that an upgrade is seen at once; the kept shell where it does not answer. */
async function page(request) {
  let timer;
  const silent = new Promise((resolve) => {
    timer = setTimeout(resolve, navigationTimeoutMs);
  });
  const response = await Promise.race([fetch(request).catch(() => undefined), silent]);
  clearTimeout(timer);
  // 502 to 504 are a proxy's, for a server that is not there.
  if (response !== undefined && !(response.status >= 502 && response.status <= 504)) return response;
  const kept = await (await caches.open(cacheName)).match(shell, { ignoreVary: true });
  return kept ?? response ?? fetch(request);
}

/** Names carry a hash: what is kept is right for ever. */
async function asset(request, path) {
  return (await caches.match(path, { ignoreVary: true })) ?? fetch(request);
}

async function newest(request, path) {
  const response = await fetch(request).catch(() => undefined);
  if (response?.ok === true) return response;
  return (await caches.match(path, { ignoreVary: true })) ?? response ?? fetch(request);
}
