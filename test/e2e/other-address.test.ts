import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

const hostName = 'choi-canh.test';

// Off loopback a page is no secure context on plain HTTP, cookies and the content security policy differ, and HTTPS is
// the default: what works at localhost need not work at the address that a commune office types.
describe.each([
  { scheme: 'https', tls: 'on' },
  { scheme: 'http', tls: 'off' },
])('through $scheme at an address that is not localhost', ({ scheme, tls }) => {
  let stage: Stage;
  let browser: TestBrowser;
  let origin: string;

  beforeAll(async () => {
    requireBuiltClient();
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // the certificate is the product's own
    stage = await openStage({ cameras: 2, env: { CHOI_CANH_TLS: tls } });
    const { port } = new URL(stage.system.origin);
    origin = `${scheme}://${hostName}:${port}`;
    browser = await openBrowser({ origin, args: [`--host-resolver-rules=MAP ${hostName} 127.0.0.1`] });
  });
  afterAll(async () => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    await browser?.close();
    await stage?.close();
  });

  it('an officer signs in and sees moving live pictures, with events and no other host', async ({ onTestFailed }) => {
    onTestFailed(() => photographAll([browser]));
    const { system, simulator } = stage;
    const area = await createArea(system.administrator, 'Chí Đám');
    const officer = await createAccount(system, 'congan', 'commune_officer', area.id);
    const cameras = await addCameras(system.administrator, area.id, simulator.cameras);
    await waitUntilRecorded(
      system.administrator,
      cameras.map((camera) => camera.id),
    );
    const { page } = browser;
    await signIn(page, origin, officer.username, officer.password);
    await page.goto(`${origin}/live`);
    await page.getByText('Đã kết nối').first().waitFor();
    for (const camera of cameras) {
      const video = page.locator(`article[data-camera-id="${camera.id}"] video`);
      await video.waitFor();
      const shownSeconds = () => video.evaluate((element: { currentTime: number }) => element.currentTime);
      const start = await waitFor(
        'the tile plays',
        async () => {
          const seconds = await shownSeconds();
          return seconds > 0 && seconds;
        },
        60_000,
      );
      await waitFor('the picture moves on', async () => (await shownSeconds()) - start > 1, 30_000);
    }
    const cookies = await browser.context.cookies(origin);
    // The session, and the browser that somebody has signed in from.
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: scheme === 'https' });
    }
    const document = await page.goto(`${origin}/cameras`);
    const policy = document?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toMatch(/media-src [^;]*blob:/);
    expect(policy.includes('upgrade-insecure-requests')).toBe(false);
    expect(browser.foreignRequests).toEqual([]);
    expect(browser.pageErrors).toEqual([]);
  });
});
