import { areaListResponse, type AreaResponse } from '@choi-canh/shared/areas';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api } from './api.js';
import { compareNatural } from './natural-sort.js';

export const areasKey = ['areas'] as const;

export interface AreaNode {
  area: AreaResponse;
  children: AreaNode[];
  depth: number;
  /** Names from the top of what the caller sees down to this area. */
  path: string[];
  /** Cameras here and below. */
  cameraTotal: number;
}

export interface AreaTree {
  roots: AreaNode[];
  /** Depth first: as a list shows it. */
  flat: AreaNode[];
  byId: Map<string, AreaNode>;
}

/** Nodes whose parent is not in the list are roots: a caller sees only the own subtree. A cycle cannot hide a node. */
export function areaTree(items: readonly AreaResponse[]): AreaTree {
  const byParent = new Map<string | null, AreaResponse[]>();
  const known = new Set(items.map((item) => item.id));
  for (const item of items) {
    const parent = item.parentId !== null && known.has(item.parentId) ? item.parentId : null;
    byParent.set(parent, [...(byParent.get(parent) ?? []), item]);
  }
  const flat: AreaNode[] = [];
  const byId = new Map<string, AreaNode>();
  const build = (parent: string | null, depth: number, path: string[]): AreaNode[] =>
    [...(byParent.get(parent) ?? [])]
      .sort((a, b) => compareNatural(a.name, b.name))
      .map((area) => {
        const node: AreaNode = { area, children: [], depth, path: [...path, area.name], cameraTotal: 0 };
        flat.push(node);
        byId.set(area.id, node);
        node.children = build(area.id, depth + 1, node.path);
        node.cameraTotal = area.cameraCount + node.children.reduce((sum, child) => sum + child.cameraTotal, 0);
        return node;
      });
  return { roots: build(null, 0, []), flat, byId };
}

/** The area and everything below it; undefined (no area chosen) stands for everything. */
export function subtreeIds(tree: AreaTree, areaId: string | undefined): Set<string> | undefined {
  const node = areaId === undefined ? undefined : tree.byId.get(areaId);
  if (node === undefined) return undefined;
  const ids = new Set<string>();
  const walk = (at: AreaNode) => {
    ids.add(at.area.id);
    at.children.forEach(walk);
  };
  walk(node);
  return ids;
}

/** Cameras whose days are decided by this area: they have none of their own, and no nearer area has any. */
export function inheritingCameras<T extends { areaId: string; retentionDays: number | null }>(
  tree: AreaTree,
  cameras: readonly T[],
  areaId: string,
): T[] {
  const decided = new Set<string>();
  const walk = (node: AreaNode) => {
    decided.add(node.area.id);
    for (const child of node.children) if (child.area.retentionDays === null) walk(child);
  };
  const top = tree.byId.get(areaId);
  if (top !== undefined) walk(top);
  return cameras.filter((camera) => camera.retentionDays === null && decided.has(camera.areaId));
}

const empty: AreaTree = { roots: [], flat: [], byId: new Map() };

/** The areas that the account sees, as a tree. */
export function useAreas() {
  const query = useQuery({
    queryKey: areasKey,
    queryFn: ({ signal }) => api.get('/api/areas', { schema: areaListResponse, signal }),
    staleTime: 60_000,
  });
  const tree = useMemo(() => (query.data === undefined ? empty : areaTree(query.data.items)), [query.data]);
  return { ...query, tree };
}
