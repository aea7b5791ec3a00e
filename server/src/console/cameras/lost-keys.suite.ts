import { cameraListResponse, cameraResponse } from '@choi-canh/shared/cameras';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CasesHarness, eventually, type OpenTestDatabase, type TestArea } from '../cases.test-harness.js';

export function lostKeysSuite(open: OpenTestDatabase): void {
  describe('keys that were lost', () => {
    const harness = new CasesHarness(open);
    let area: TestArea;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
    });
    afterAll(() => harness.stop());

    const told = () => harness.recorder.desired?.cameras ?? [];

    it('are said of each camera, and entering its password again mends it', async () => {
      const camera = await harness.camera(area);
      const technician = harness.actor('technician', area);
      expect(await harness.cases.unreadableSecrets()).toEqual({ cameras: 0, recorders: 0 });
      await harness.stopConsole();
      harness.loseKey();
      // The recorder lost its own at the same time, and knows no camera.
      harness.recorder.desired = undefined;
      harness.recorder.statuses.clear();
      await harness.startConsole();
      expect(await harness.cases.unreadableSecrets()).toEqual({ cameras: 1, recorders: 0 });
      // It is told that there is such a camera, and not a wrong password.
      await eventually('the recorder is told of the camera', () => told().length === 1);
      expect(told()[0]?.password).toBeNull();
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      expect(items.find(({ id }) => id === camera.id)).toMatchObject({ state: 'down', reason: 'password_unreadable' });

      await technician.patch(`/api/cameras/${camera.id}`, cameraResponse, { password: 'Mat-khau-moi-1' });
      expect(await harness.cases.unreadableSecrets()).toEqual({ cameras: 0, recorders: 0 });
      await eventually('the recorder has the password', () =>
        told().some(({ password }) => password === 'Mat-khau-moi-1'),
      );
    });
  });
}
