import type { AreaResponse } from '@choi-canh/shared/areas';
import { describe, expect, it } from 'vitest';
import { areaTree, inheritingCameras, subtreeIds } from './areas.js';

const area = (id: string, parentId: string | null, name: string, cameraCount = 0): AreaResponse => ({
  id,
  parentId,
  name,
  level: 'commune',
  code: name,
  centre: null,
  cameraCount,
  ...{ retentionDays: null, effectiveRetentionDays: 30, inheritedRetentionDays: 30 },
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
  it('knows which cameras an area decides for: those without days of their own, by no nearer area', () => {
    const days = (id: string, retentionDays: number | null) => ({
      ...items.find((one) => one.id === id)!,
      retentionDays,
    });
    const chosen = areaTree([days('city', 60), days('w2', 10), days('w10', null), days('other', null)]);
    const camera = (id: string, areaId: string, retentionDays: number | null) => ({ id, areaId, retentionDays });
    const cameras = [
      camera('in the city', 'city', null),
      camera('its own', 'city', 7),
      camera('below', 'w10', null),
      camera('below a nearer choice', 'w2', null),
      camera('elsewhere', 'other', null),
    ];
    const ids = (areaId: string) => inheritingCameras(chosen, cameras, areaId).map((one) => one.id);
    expect(ids('city')).toEqual(['in the city', 'below']);
    expect(ids('w2')).toEqual(['below a nearer choice']);
  });
  it('is empty for nothing', () => expect(areaTree([]).roots).toEqual([]));
});
