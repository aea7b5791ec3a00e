import { useState } from 'react';
import { msOf, typedTime, type TimeKind, type TypedTime } from '../../lib/typed-time.js';

/**
 * For a filter whose value lives in the address: the text is the field's until it is left, then the instant goes to
 * the address. Text that is no time sends undefined, so that a list is never filtered by what no longer stands in the
 * box.
 */
export function useCommittedTime(
  ms: number | undefined,
  asks: TimeKind,
  commit: (ms: number | undefined) => void,
): { value: TypedTime; onChange(value: TypedTime): void; onCommit(value: TypedTime): void } {
  const [typed, setTyped] = useState(() => typedTime(ms, asks));
  const [known, setKnown] = useState(ms);
  if (ms !== known) {
    // The address changed: by this field, which has that value already, or by something else.
    setKnown(ms);
    if (ms !== msOf(typed)) setTyped(typedTime(ms, asks));
  }
  return {
    value: typed,
    onChange: setTyped,
    onCommit: (value) => {
      if (msOf(value) !== ms) commit(msOf(value));
    },
  };
}
