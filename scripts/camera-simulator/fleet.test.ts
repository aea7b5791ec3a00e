import { describe, expect, it } from 'vitest';
import { cameraMedia } from './camera-media.js';
import { fleetNames, loadFleet } from './fleet.js';
import { scenes } from './scenes/scene-catalogue.js';

const account = { username: 'admin', password: 'chung' };

describe('fleets', () => {
  it.each([
    ['chi-dam', 66, 1],
    ['cam-thuy', 515, 17],
  ] as const)('%s has %i cameras in %i communes, each a device of its own', async (fleet, cameras, areas) => {
    const all = await loadFleet({ fleet, ...account });
    expect(all.length).toBe(cameras);
    expect(new Set(all.map(({ area }) => area)).size).toBe(areas);
    for (const facts of [all.map(({ name }) => name), all.map(({ host }) => host), all.map(({ urn }) => urn)]) {
      expect(new Set(facts).size).toBe(cameras);
    }
    expect(new Set(all.map(({ mac }) => mac)).size).toBe(cameras);
    expect(new Set(all.map(({ brandName }) => brandName)).size).toBe(6);
    expect(all.filter(({ password }) => password !== 'chung').length).toBe(5);
    for (const { host, urn } of all) {
      expect(host).toMatch(/^127\.(66|51)\.\d\.([1-9]|\d\d|1\d\d|2[0-4]\d|250)$/);
      expect(urn).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(await loadFleet({ fleet, ...account })).toEqual(all);
  });

  it('names cameras as people there do', async () => {
    const [chiDam, camThuy] = await Promise.all(fleetNames.map((fleet) => loadFleet({ fleet, ...account })));
    expect(chiDam?.[11]?.name).toBe('Cam 12 – Ngã ba chợ');
    expect(camThuy?.[33]?.name).toBe('Cam 3 – Ngã ba chợ, Cẩm Bình');
  });

  it.each([0, 67, 1.5])('refuses %f cameras of 66', async (cameras) => {
    await expect(loadFleet({ fleet: 'chi-dam', cameras, ...account })).rejects.toThrow('1 to 66');
  });
});

describe('media', () => {
  const all = Array.from({ length: scenes.length }, (_, index) => cameraMedia(index + 1, {}));

  it('is a dozen scenes: keyframes every 2 s, some every 10 s, one once a minute, some with B-frames', () => {
    expect(new Set(all.map(({ scene }) => scene.graph(all[0]?.main ?? neverMedia))).size).toBe(12);
    const spacings = all.map(({ main }) => main.keyframeSeconds).sort((a, b) => a - b);
    expect(spacings).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 10, 10, 60]);
    expect(all.filter(({ main }) => main.bFrames > 0).length).toBe(2);
  });

  it('runs at rates of whole RTP ticks and whole groups of pictures', () => {
    for (const { main, sub } of all) {
      for (const { framesPerSecond, keyframeSeconds } of [main, sub]) {
        expect(Number.isInteger(90_000 / framesPerSecond)).toBe(true);
        expect(Number.isInteger(framesPerSecond * keyframeSeconds)).toBe(true);
      }
      expect(sub.width * sub.height).toBeLessThanOrEqual(main.width * main.height);
    }
  });
});

const neverMedia = { width: 2, height: 2, framesPerSecond: 1 };
