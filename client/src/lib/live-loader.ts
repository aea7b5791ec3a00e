// hls.js asks for playlists and segments by address; here they come from what the page has received of a live stream.
import { LoadStats, type HlsConfig, type Loader, type LoaderCallbacks, type LoaderContext } from 'hls.js';
import type { LiveStore } from './live-store.js';

type Answer = string | ArrayBuffer;

function nameOf(url: string): string {
  const { pathname } = new URL(url, window.location.origin);
  return pathname.slice(pathname.lastIndexOf('/') + 1);
}

/** Loaders of hls.js that read from a store; a playlist is answered when the segment that it asks for is there. */
export function liveLoaders(store: LiveStore): Pick<HlsConfig, 'loader'> {
  /** Sequence after the newest that this player has seen listed. */
  let following: number | undefined;

  class StoreLoader implements Loader<LoaderContext> {
    context: LoaderContext | null = null;
    readonly stats = new LoadStats();
    readonly #ended = new AbortController();
    #callbacks: LoaderCallbacks<LoaderContext> | undefined;

    load(context: LoaderContext, _config: unknown, callbacks: LoaderCallbacks<LoaderContext>): void {
      this.context = context;
      this.#callbacks = callbacks;
      this.stats.loading.start = performance.now();
      this.#answer(context).then(
        (data) => this.#succeed(context, data),
        () => undefined, // aborted
      );
    }

    abort(): void {
      if (this.#ended.signal.aborted) return;
      this.stats.aborted = true;
      this.#ended.abort(new Error('aborted'));
      if (this.context !== null) this.#callbacks?.onAbort?.(this.stats, this.context, null);
    }

    destroy(): void {
      this.#callbacks = undefined;
      this.#ended.abort(new Error('destroyed'));
    }

    async #answer({ url, type }: LoaderContext): Promise<Answer | undefined> {
      const name = nameOf(url);
      if (!name.endsWith('.m3u8')) {
        await Promise.resolve(); // never while hls.js is still asking
        return store.file(name)?.slice().buffer;
      }
      // The first playlist of a player is its manifest; the same one a second time would only be read in vain.
      const isFirst = type === ('manifest' as LoaderContext['type']);
      await store.until(isFirst ? undefined : following, this.#ended.signal);
      following = store.followingSequence;
      return store.playlist(isFirst);
    }

    #succeed(context: LoaderContext, data: Answer | undefined): void {
      if (this.#ended.signal.aborted) return;
      const { stats } = this;
      if (data === undefined) {
        this.#callbacks?.onError({ code: 404, text: 'no longer there' }, context, null, stats);
        return;
      }
      stats.loading.first = stats.loading.end = performance.now();
      stats.loaded = stats.total = typeof data === 'string' ? data.length : data.byteLength;
      this.#callbacks?.onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
    }
  }
  return { loader: StoreLoader as unknown as HlsConfig['loader'] };
}
