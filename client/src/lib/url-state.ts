import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** Changes to the address: undefined and '' take a key away. */
export type UrlChange = Record<string, string | undefined>;

/** State of a page that lives in its address. By default a change replaces the history entry; `push` adds one. */
export function useUrlState() {
  const [search, setSearch] = useSearchParams();
  const change = useCallback(
    (changes: UrlChange, options: { push?: boolean } = {}) => {
      setSearch(
        (current) => {
          const next = new URLSearchParams(current);
          for (const [key, value] of Object.entries(changes)) {
            if (value === undefined || value === '') next.delete(key);
            else next.set(key, value);
          }
          return next;
        },
        { replace: options.push !== true },
      );
    },
    [setSearch],
  );
  return { search, change };
}
