import type { AreaResponse } from '@choi-canh/shared/areas';
import { describe, expect, it } from 'vitest';
import { areaTree, subtreeIds } from './areas.js';

const area = (id: string, parentId: string | null, name: string, cameraCount = 0): AreaResponse => ({
  id,
  parentId,
  name,
  level: 'commune',
  code: name,
  centre: null,
  cameraCount,
});
const items = [
  area('w10', 'city', 'Phường 10', 2),
  area('w2', 'city', 'Phường 2', 3),
  area('city', 'hidden-parent', 'Thành phố', 1),
  area('other', null, 'An Bình'),
];

describe('areaTree', () => {
  const tree = areaTree(items);
  it('is depth first, in the order people count; a node whose parent is not seen is a root', () => {
    expect(tree.flat.map((node) => [node.area.name, node.depth])).toEqual([
      ['An Bình', 0],
      ['Thành phố', 0],
      ['Phường 2', 1],
      ['Phường 10', 1],
    ]);
  });
  it('sums cameras upwards and knows the way down', () => {
    expect(tree.byId.get('city')?.cameraTotal).toBe(6);
    expect(tree.byId.get('w10')?.path).toEqual(['Thành phố', 'Phường 10']);
  });
  it('collects a subtree', () => {
    expect([...(subtreeIds(tree, 'city') ?? [])].sort()).toEqual(['city', 'w10', 'w2']);
    expect(subtreeIds(tree, undefined)).toBeUndefined();
    expect(subtreeIds(tree, 'unknown')).toBeUndefined();
  });
  it('is empty for nothing', () => expect(areaTree([]).roots).toEqual([]));
});
