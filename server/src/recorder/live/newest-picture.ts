// Which fragments give the newest picture of a stream: one that begins with a keyframe, or where the camera refreshes its
// picture piece by piece all of the newest refresh that is whole. Pure.
import type { LiveFragment } from './live-window.js';

export class NewestPicture {
  #whole: readonly LiveFragment[] | undefined;
  /** Of a refresh that is not whole yet. */
  #collected: LiveFragment[] = [];

  get fragments(): readonly LiveFragment[] | undefined {
    return this.#whole;
  }

  /** The next fragment of those that can be shown. */
  take(fragment: LiveFragment): void {
    const [first] = this.#collected;
    if (first?.run !== fragment.run) this.#collected = [];
    if (fragment.independent && (fragment.recoveryPictures === 0 || this.#collected.length === 0))
      this.#collected = [fragment];
    else if (this.#collected.length > 0) this.#collected.push(fragment);
    const pictures = this.#collected.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
    if (pictures <= (this.#collected[0]?.recoveryPictures ?? 0)) return;
    this.#whole = this.#collected;
    this.#collected = [];
  }
}
