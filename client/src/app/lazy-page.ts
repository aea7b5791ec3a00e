import { lazy, type ComponentType } from 'react';
import { probeServer, reloadWhenServerAnswers, untilServerAnswers } from '../lib/server-contact.js';

const reloadedKey = 'choi-canh.reloaded-for-page';
/** A second reload within so long would be a loop. */
const onceWithinMs = 30_000;

/**
 * Loads the code of a page. While the server is away it waits for it, and the page's place says so. Code that is not
 * there although the server answers belongs to an older build: the application is loaded again, once.
 * @throws what the import threw, when that did not help either.
 */
export async function loadPage<T>(load: () => Promise<T>): Promise<T> {
  let answered = false;
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (answered) return await reloadOnce(error);
      answered = await probeServer();
      if (!answered) {
        await untilServerAnswers();
        answered = true;
      }
    }
  }
}

async function reloadOnce(error: unknown): Promise<never> {
  try {
    const reloadedAtMs = Number(sessionStorage.getItem(reloadedKey) ?? 0);
    if (Date.now() - reloadedAtMs < onceWithinMs) throw error;
    sessionStorage.setItem(reloadedKey, String(Date.now()));
  } catch {
    // Already reloaded, or storage is forbidden, so that nobody could tell: better an error than a loop.
    throw error;
  }
  await reloadWhenServerAnswers();
  // The page is about to go; its place keeps waiting until then.
  return new Promise<never>(() => undefined);
}

type Loader = () => Promise<ComponentType>;
const loaders: Loader[] = [];

/** A page whose code comes when it is opened first, or in a quiet moment before (prefetchPages). */
export function lazyPage<K extends string>(load: () => Promise<Record<K, ComponentType>>, name: K) {
  const loader = async () => (await load())[name];
  loaders.push(loader);
  return lazy(async () => ({ default: await loadPage(loader) }));
}

/** Fetches the code of every page, one after the other, so that none is missing when the server is away. */
export async function prefetchPages(): Promise<void> {
  for (const loader of loaders) {
    await new Promise<void>((resolve) => {
      if (typeof requestIdleCallback === 'function') requestIdleCallback(() => resolve(), { timeout: 2000 });
      else setTimeout(resolve, 200);
    });
    // What cannot be fetched now is fetched when it is opened.
    await loader().catch(() => undefined);
  }
}
