import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { subtreeIds, useAreas } from './areas.js';

/**
 * The area chosen in the top bar. It lives in the address (`?area=<id>`), so that a link opens the same view; the rail
 * carries it from page to page. An area that the account does not see counts as none.
 */
export function useAreaFilter() {
  const [search, setSearch] = useSearchParams();
  const { tree } = useAreas();
  const asked = search.get('area') ?? undefined;
  const areaId = asked !== undefined && (tree.byId.size === 0 || tree.byId.has(asked)) ? asked : undefined;
  const ids = useMemo(() => subtreeIds(tree, areaId), [tree, areaId]);
  const setAreaId = useCallback(
    (next: string | undefined) => {
      setSearch((current) => {
        const changed = new URLSearchParams(current);
        if (next === undefined) changed.delete('area');
        else changed.set('area', next);
        return changed;
      });
    },
    [setSearch],
  );
  return {
    areaId,
    setAreaId,
    /** Whether something in this area is wanted. */
    includes: useCallback((id: string) => ids === undefined || ids.has(id), [ids]),
  };
}
