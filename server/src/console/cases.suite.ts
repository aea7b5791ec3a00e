import { describe } from 'vitest';
import { badInputSuite } from './bad-input.suite.js';
import { camerasSuite } from './cameras/cameras.suite.js';
import { channelsSuite } from './cameras/channels.suite.js';
import { deviceAddressesSuite } from './cameras/device-addresses.suite.js';
import { listedCamerasSuite } from './cameras/listed-cameras.suite.js';
import { lostKeysSuite } from './cameras/lost-keys.suite.js';
import type { OpenTestDatabase } from './cases.test-harness.js';
import { evidenceSuite } from './evidence/evidence.suite.js';
import { unknownHoldsSuite } from './evidence/unknown-holds.suite.js';
import { footageSuite } from './footage/footage.suite.js';
import { manyCamerasSuite } from './health/many-cameras.suite.js';
import { incidentsSuite } from './incidents/incidents.suite.js';
import { leavingSuite } from './leaving.suite.js';
import { rtspCamerasSuite } from './cameras/rtsp-cameras.suite.js';
import { liveViewingsSuite } from './cameras/live-viewings.suite.js';
import { recorderAdministrationSuite } from './recorders/recorder-administration.suite.js';
import { recorderExchangeSuite } from './recorders/recorder-exchange.suite.js';
import { recorderSyncSuite } from './recorders/recorder-sync.suite.js';
import { chainSuite } from './recorders/chain.suite.js';
import { recordersSuite } from './recorders/recorders.suite.js';
import { reportsSuite } from './reports/reports.suite.js';
import { scopeSuite } from './scope.suite.js';

/** Every suite about cameras and cases, on one kind of database. `open` gives an empty database each time. */
export function consoleSuites(kind: string, open: OpenTestDatabase): void {
  describe(`cameras and cases on ${kind}`, () => {
    camerasSuite(open);
    channelsSuite(open);
    listedCamerasSuite(open);
    deviceAddressesSuite(open);
    lostKeysSuite(open);
    rtspCamerasSuite(open);
    recorderSyncSuite(open);
    recorderExchangeSuite(open);
    recordersSuite(open);
    recorderAdministrationSuite(open);
    chainSuite(open);
    footageSuite(open);
    incidentsSuite(open);
    evidenceSuite(open);
    unknownHoldsSuite(open);
    reportsSuite(open);
    scopeSuite(open);
    badInputSuite(open);
    manyCamerasSuite(open);
    liveViewingsSuite(open);
    leavingSuite(open);
  });
}
