import type { AccountResponse, MeResponse } from '@choi-canh/shared/accounts';
import type { AreaResponse } from '@choi-canh/shared/areas';
import type { AuditRecordResponse } from '@choi-canh/shared/audit';
import { socketPath } from '@choi-canh/shared/realtime';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountEntity } from './account.entity.js';
import { createPasswords } from './passwords.js';
import { password, until, type Browser, type TestConsole } from './auth.test-harness.js';

/** Everything about who may come in, the same on both databases. */
export function authSuite(start: () => Promise<TestConsole>): void {
  let console: TestConsole;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    console = await start();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await console.stop();
  });

  const createArea = (chief: Browser, name: string, parentId: string | null = null, level = 'commune') =>
    chief.json<AreaResponse>('POST', '/api/areas', { name, parentId, level });
  const createAccount = (chief: Browser, username: string, role: string, areaId: string | null = null) =>
    chief.json<AccountResponse>('POST', '/api/accounts', { username, displayName: username, role, areaId, password });
  const signedIn = async (username: string) => {
    const browser = console.browser();
    expect((await browser.signIn(username)).status).toBe(201);
    return browser;
  };
  /** Resolves with the socket once it is connected, or rejects with why not. */
  const connect = (cookie: string, origin = console.origin, transports = ['websocket']) => {
    const socket = io(console.origin, {
      path: socketPath,
      transports,
      forceNew: true,
      reconnection: false,
      extraHeaders: { cookie, origin },
    });
    sockets.push(socket);
    return new Promise<Socket>((resolve, reject) => {
      socket.on('connect', () => resolve(socket));
      socket.on('connect_error', reject);
    });
  };

  describe('set-up', () => {
    it('creates the first administrator by the link, once', async () => {
      const browser = console.browser();
      expect(await browser.json('GET', '/api/setup')).toEqual({ needed: true });
      const given = { username: 'quantri', displayName: 'Quản trị', password };
      expect(await browser.errorCode('POST', '/api/setup', { ...given, token: 'x'.repeat(43) })).toEqual([
        403,
        'bad_setup_token',
      ]);
      const me = await browser.json<MeResponse>('POST', '/api/setup', { ...given, token: console.setupToken });
      expect(me.account).toMatchObject({ username: 'quantri', role: 'administrator', areaId: null });
      expect(await browser.json('GET', '/api/setup')).toEqual({ needed: false });
      const again = { ...given, username: 'second', token: console.setupToken };
      expect(await browser.errorCode('POST', '/api/setup', again)).toEqual([409, 'setup_done']);
    });

    it('lets two who open the link at once create one administrator', async () => {
      const statuses = await Promise.all(
        ['a-one', 'b-two'].map(async (username) => {
          const body = { token: console.setupToken, username, displayName: username, password };
          return (await console.browser().send('POST', '/api/setup', body)).status;
        }),
      );
      expect(statuses.sort()).toEqual([201, 409]);
    });
  });

  describe('signing in', () => {
    it('gives a cookie that scripts cannot read and other sites do not send', async () => {
      await console.administrator();
      const response = await console.browser().signIn(' QuanTri ');
      expect(response.status).toBe(201);
      const [cookie] = response.headers.getSetCookie();
      expect(cookie).toMatch(
        /^choi_canh_session=[\w-]{43}; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
      );
    });

    it('answers the same for a wrong name, a wrong password and a disabled account', async () => {
      const chief = await console.administrator();
      const account = await createAccount(chief, 'canbo', 'commune_officer');
      await chief.json('PATCH', `/api/accounts/${account.id}`, { enabled: false });
      const browser = console.browser();
      for (const [username, secret] of [
        ['nobody', password],
        ['quantri', 'wrong'],
        ['canbo', password],
      ] as const) {
        expect(await browser.errorCode('POST', '/api/session', { username, password: secret })).toEqual([
          401,
          'wrong_credentials',
        ]);
      }
      expect(browser.cookie).toBe('');
    });

    it('slows guessing down by twice the time each, keeps it over many at once, and forgets it after success', async () => {
      await console.administrator();
      const browser = console.browser();
      const guesses = await Promise.all(
        Array.from({ length: 12 }, async () => (await browser.signIn('quantri', 'guess')).status),
      );
      expect(guesses.filter((status) => status === 401)).toHaveLength(5);
      expect(guesses.filter((status) => status === 429)).toHaveLength(7);

      const blocked = await browser.signIn('quantri');
      expect(blocked.status).toBe(429);
      expect(blocked.headers.get('retry-after')).toBe('2');
      expect(((await blocked.json()) as { error: unknown }).error).toMatchObject({
        code: 'too_many_sign_ins',
        details: { retryAfterSeconds: 2 },
      });
      console.clock.advance(2000);
      expect((await browser.signIn('quantri', 'guess')).status).toBe(401);
      expect((await browser.signIn('quantri')).headers.get('retry-after')).toBe('4');
      console.clock.advance(4000);
      expect((await browser.signIn('quantri')).status).toBe(201);
      expect((await browser.signIn('quantri', 'guess')).status).toBe(401);
      expect((await browser.signIn('quantri')).status).toBe(201);
    });

    it('never blocks longer than a quarter of an hour', async () => {
      await console.administrator();
      const browser = console.browser();
      let waitSeconds = 0;
      for (let attempt = 0; attempt < 24; attempt += 1) {
        await browser.signIn('quantri', 'guess');
        waitSeconds = Number((await browser.signIn('quantri', 'guess')).headers.get('retry-after') ?? 0);
        console.clock.advance(waitSeconds * 1000);
      }
      expect(waitSeconds).toBe(900);
      expect((await browser.signIn('quantri')).status).toBe(201);
    });

    it('gives a new session at each sign-in, whatever the browser brought, and ends the former one', async () => {
      const chief = await console.administrator();
      const planted = `choi_canh_session=${'a'.repeat(43)}`;
      const response = await fetch(`${console.origin}/api/session`, {
        method: 'POST',
        headers: { origin: console.origin, cookie: planted, 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'quantri', password }),
      });
      expect(response.status).toBe(201);
      expect(response.headers.getSetCookie()[0]).not.toContain('a'.repeat(43));
      const me = await fetch(`${console.origin}/api/me`, { headers: { cookie: planted } });
      expect(await me.json()).toBeNull();
      const before = chief.cookie;
      await chief.signIn('quantri');
      expect(chief.cookie).not.toBe(before);
      expect(await (await fetch(`${console.origin}/api/me`, { headers: { cookie: before } })).json()).toBeNull();
    });

    it('lets a known browser in while strangers at the same address are held', async () => {
      const officer = await console.administrator();
      const stranger = console.browser();
      let attempts = 0;
      for (; attempts < 60; attempts += 1) {
        if ((await stranger.signIn(`made-up-${attempts}`, 'guess')).status === 429) break;
      }
      expect(attempts).toBe(30);
      // A colleague whose browser nobody knows is held too, and hears for how long.
      const held = await console.browser().signIn('quantri');
      expect([held.status, held.headers.get('retry-after')]).toEqual([429, '2']);
      expect((await officer.send('DELETE', '/api/session')).status).toBe(204);
      expect((await officer.signIn('quantri')).status).toBe(201);
      // That one knew the password clears nobody else.
      expect((await stranger.signIn('made-up', 'guess')).status).toBe(429);
    });

    it('holds a known browser that guesses, by a count of its own', async () => {
      const known = await console.administrator();
      const guesses: number[] = [];
      for (let index = 0; index < 7; index += 1) guesses.push((await known.signIn('quantri', 'guess')).status);
      expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429]);
      expect((await known.signIn('quantri')).headers.get('retry-after')).toBe('2');
      // It is known for one account only: for others it is a stranger, whose failures count for the address.
      expect((await known.signIn('another', 'guess')).status).toBe(401);
      expect((await console.browser().signIn('quantri')).status).toBe(201);
    });

    it('knows a browser by a token that changes at each sign-in and is kept as a hash', async () => {
      const browser = await console.administrator();
      const first = browser.device;
      expect(first).toMatch(/^choi_canh_device=[\w-]{43}$/);
      const response = await browser.signIn('quantri');
      expect(response.headers.getSetCookie().find((line) => line.startsWith('choi_canh_device'))).toMatch(
        /Max-Age=15552000; Path=\/; .*HttpOnly; SameSite=Strict/,
      );
      expect(browser.device).not.toBe(first);
      const rows = await console.database.read.query('SELECT * FROM known_device');
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain(browser.device.split('=')[1]);
      // The former token is nobody's any more.
      for (let index = 0; index < 31; index += 1) await console.browser().signIn(`made-up-${index}`, 'guess');
      const thief = console.browser();
      thief.device = first;
      expect((await thief.signIn('quantri')).status).toBe(429);
      expect((await browser.signIn('quantri')).status).toBe(201);
    });

    it('knows a browser of several people for each of them, and at most twenty of one account', async () => {
      const chief = await console.administrator();
      const given = { role: 'technician', areaId: null, password };
      await chief.json('POST', '/api/accounts', { ...given, username: 'ky.thuat', displayName: 'Kỹ thuật' });
      const shared = console.browser();
      await shared.signIn('ky.thuat');
      await shared.signIn('quantri');
      const rowsOf = (name: string) =>
        console.database.read.query<unknown[]>(
          `SELECT token_hash FROM known_device JOIN account ON account.id = account_id WHERE username = '${name}'`,
        );
      expect(await rowsOf('ky.thuat')).toHaveLength(1);
      for (let index = 0; index < 25; index += 1) {
        console.clock.advance(1000);
        await console.browser().signIn('quantri');
      }
      expect(await rowsOf('quantri')).toHaveLength(20);
      expect(await rowsOf('ky.thuat')).toHaveLength(1);

      // A new password by an administrator makes its browsers strangers again.
      await chief.signIn('quantri');
      const { items } = await chief.json<{ items: { id: string; username: string }[] }>('GET', '/api/accounts');
      const technician = items.find(({ username }) => username === 'ky.thuat')?.id ?? '';
      await chief.json('PATCH', `/api/accounts/${technician}`, { password: 'con-duong-lang-xanh-mat' });
      expect(await rowsOf('ky.thuat')).toHaveLength(0);
    });

    it('lets who is signed in change the own password while strangers are held', async () => {
      const chief = await console.administrator();
      for (let index = 0; index < 31; index += 1) await console.browser().signIn('quantri', 'guess');
      expect((await console.browser().signIn('quantri')).status).toBe(429);
      const wrong = { currentPassword: 'guess', newPassword: 'con-duong-lang-xanh-mat' };
      const statuses: number[] = [];
      for (let index = 0; index < 6; index += 1) statuses.push((await chief.send('PATCH', '/api/me', wrong)).status);
      expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
      console.clock.advance(2000);
      expect((await chief.send('PATCH', '/api/me', { ...wrong, currentPassword: password })).status).toBe(200);
    });

    it.each([
      ['password12', 'common'],
      [' '.repeat(10), 'repeated'],
      ['quantri2026', 'own_name'],
      ['qwertyuiop', 'walk'],
    ])('refuses the new password %j wherever one is set: %s', async (weak, fault) => {
      const said = async (browser: Browser, method: string, path: string, body: unknown) => {
        const response = await browser.send(method, path, body);
        const { error } = (await response.json()) as { error: { code: string; details: unknown; fields: unknown[] } };
        return [response.status, error.code, error.details, error.fields.length];
      };
      const refused = [400, 'weak_password', { fault }, 1];
      const first = { token: console.setupToken, username: 'quantri', displayName: 'Quản trị', password: weak };
      expect(await said(console.browser(), 'POST', '/api/setup', first)).toEqual(refused);
      const chief = await console.administrator();
      const account = { username: 'quantri.2', displayName: 'Quan Tri', role: 'technician', areaId: null };
      expect(await said(chief, 'POST', '/api/accounts', { ...account, password: weak })).toEqual(refused);
      const { id } = await chief.json<{ id: string }>('POST', '/api/accounts', { ...account, password });
      expect(await said(chief, 'PATCH', `/api/accounts/${id}`, { password: weak })).toEqual(refused);
      const own = { currentPassword: password, newPassword: weak };
      expect(await said(chief, 'PATCH', '/api/me', own)).toEqual(refused);
      expect((await chief.signIn('quantri')).status).toBe(201);
    });

    it('lets an account in whose password was set before the check', async () => {
      const chief = await console.administrator();
      const cheap = createPasswords({ memoryCost: 64, timeCost: 1, parallelism: 1 });
      const passwordHash = await cheap.hash('password12');
      await console.database.write((manager) =>
        manager.update(accountEntity, { username: 'quantri' }, { passwordHash }),
      );
      await chief.send('DELETE', '/api/session');
      expect((await chief.signIn('quantri', 'password12')).status).toBe(201);
    });

    it('ends the session after its hours', async () => {
      const chief = await console.administrator();
      console.clock.advance(12 * 3600_000 - 1000);
      expect((await chief.json<MeResponse>('GET', '/api/me')).account.username).toBe('quantri');
      console.clock.advance(1000);
      expect(await chief.errorCode('GET', '/api/areas')).toEqual([401, 'not_signed_in']);
      expect(await chief.errorCode('PATCH', '/api/me', { locale: 'en' })).toEqual([401, 'not_signed_in']);
      expect(await chief.json('GET', '/api/me')).toBeNull();
    });

    it('keeps no token and no password in the database', async () => {
      const chief = await console.administrator();
      const token = chief.cookie.split('=')[1] ?? '';
      const rows = JSON.stringify([
        await console.database.read.query('SELECT * FROM session'),
        await console.database.read.query('SELECT * FROM account'),
        await console.database.read.query('SELECT * FROM audit_record'),
      ]);
      expect(rows).toContain('$argon2id$');
      expect(token).toHaveLength(43);
      expect(rows).not.toContain(token);
      expect(rows).not.toContain(password);
    });
  });

  describe('the own account', () => {
    it('tells who one is and what one may do', async () => {
      const chief = await console.administrator();
      const area = await createArea(chief, 'Chí Đám');
      await createAccount(chief, 'canbo', 'commune_officer', area.id);
      const me = await (await signedIn('canbo')).json<MeResponse>('GET', '/api/me');
      expect(me).toMatchObject({ areaName: 'Chí Đám', serverNow: '2026-11-22T00:00:00.000Z' });
      expect(me.permissions).toContain('footage.open');
      expect(me.permissions).not.toContain('account.manage');
      expect(JSON.stringify(me)).not.toContain('argon2');
    });

    it('changes its password only with the current one, which ends its other sessions', async () => {
      await console.administrator();
      const [here, there] = [await signedIn('quantri'), await signedIn('quantri')];
      const newPassword = 'mot-mat-khau-moi';
      expect(await here.errorCode('PATCH', '/api/me', { newPassword, currentPassword: 'no' })).toEqual([
        400,
        'wrong_password',
      ]);
      expect((await there.send('GET', '/api/areas')).status).toBe(200);
      await here.json('PATCH', '/api/me', { newPassword, currentPassword: password, locale: 'en' });
      expect((await here.json<MeResponse>('GET', '/api/me')).account.locale).toBe('en');
      expect((await there.send('GET', '/api/areas')).status).toBe(401);
      expect((await console.browser().signIn('quantri')).status).toBe(401);
      expect((await console.browser().signIn('quantri', newPassword)).status).toBe(201);
    });
  });

  describe('accounts', () => {
    it('are managed by administrators inside their own area only', async () => {
      const chief = await console.administrator();
      const district = await createArea(chief, 'Cẩm Thủy', null, 'district');
      const inside = await createArea(chief, 'Cẩm Bình', district.id);
      const outside = await createArea(chief, 'Chí Đám');
      const stranger = await createAccount(chief, 'stranger', 'technician', outside.id);
      await createAccount(chief, 'huyen', 'administrator', district.id);
      const local = await signedIn('huyen');

      const own = await createAccount(local, 'canbo', 'commune_officer', inside.id);
      const listed = await local.json<{ items: AccountResponse[] }>('GET', '/api/accounts');
      expect(listed.items.map((account) => account.username)).toEqual(['canbo', 'huyen']);
      expect(await local.errorCode('PATCH', `/api/accounts/${stranger.id}`, { enabled: false })).toEqual([
        404,
        'account_not_found',
      ]);
      for (const [areaId, refusal] of [
        [outside.id, [404, 'area_not_found']],
        [null, [403, 'outside_area']],
      ] as const) {
        const account = { username: 'spy', displayName: 'x', role: 'administrator', areaId, password };
        expect(await local.errorCode('POST', '/api/accounts', account)).toEqual(refusal);
        expect(await local.errorCode('PATCH', `/api/accounts/${own.id}`, { areaId })).toEqual(refusal);
      }
    });

    it('are closed to other roles', async () => {
      const chief = await console.administrator();
      for (const role of ['commune_officer', 'technician', 'district_officer']) {
        await createAccount(chief, role.replaceAll('_', '-'), role);
        const browser = await signedIn(role.replaceAll('_', '-'));
        for (const path of ['/api/accounts', '/api/audit']) {
          expect(await browser.errorCode('GET', path)).toEqual([403, 'not_allowed']);
        }
      }
      expect(await console.browser().errorCode('GET', '/api/accounts')).toEqual([401, 'not_signed_in']);
    });

    it('keep one administrator of everything, and nobody changes their own access', async () => {
      const chief = await console.administrator();
      const me = await chief.json<MeResponse>('GET', '/api/me');
      for (const change of [{ role: 'technician' }, { enabled: false }, { password: 'mot-mat-khau-moi' }]) {
        expect(await chief.errorCode('PATCH', `/api/accounts/${me.account.id}`, change)).toEqual([409, 'own_account']);
      }
      const deputy = await createAccount(chief, 'phoquantri', 'administrator');
      const second = await signedIn('phoquantri');
      // Each disables the other at once: whoever comes second is signed out already or told no.
      const statuses = await Promise.all([
        chief.send('PATCH', `/api/accounts/${deputy.id}`, { enabled: false }),
        second.send('PATCH', `/api/accounts/${me.account.id}`, { enabled: false }),
      ]);
      expect(statuses.filter((response) => response.status === 200)).toHaveLength(1);
      const rows: { enabled: boolean | number }[] = await console.database.read.query('SELECT enabled FROM account');
      expect(rows.filter((row) => Boolean(row.enabled))).toHaveLength(1);
    });

    it('have unique names', async () => {
      const chief = await console.administrator();
      const account = { username: 'QuanTri', displayName: 'x', role: 'technician', areaId: null, password };
      expect(await chief.errorCode('POST', '/api/accounts', account)).toEqual([409, 'username_taken']);
    });
  });

  describe('requests from elsewhere', () => {
    it('are refused when they would change something', async () => {
      const chief = await console.administrator();
      const body = { name: 'x', parentId: null, level: 'commune' };
      const foreign: Record<string, string>[] = [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: console.origin.replace('http:', 'https:') },
        { origin: `${console.origin}.evil.example` },
      ];
      for (const headers of foreign) {
        expect((await chief.send('POST', '/api/areas', body, headers)).status).toBe(403);
      }
      const plain = await chief.send('POST', '/api/areas', body, { 'content-type': 'text/plain' });
      expect(plain.status).toBe(400);
      expect((await chief.json<{ items: unknown[] }>('GET', '/api/areas')).items).toEqual([]);
      expect((await chief.send('POST', '/api/areas', body)).status).toBe(201);
    });

    it('are refused by Sec-Fetch-Site where there is no Origin', async () => {
      const chief = await console.administrator();
      const send = (site?: string) =>
        fetch(`${console.origin}/api/areas`, {
          method: 'POST',
          headers: {
            cookie: chief.cookie,
            'content-type': 'application/json',
            ...(site === undefined ? {} : { 'sec-fetch-site': site }),
          },
          body: JSON.stringify({ name: `area ${site}`, parentId: null, level: 'commune' }),
        });
      expect((await send('cross-site')).status).toBe(403);
      expect((await send('same-site')).status).toBe(403);
      expect((await send('same-origin')).status).toBe(201);
      expect((await send()).status).toBe(201);
    });
  });

  describe('sockets', () => {
    it('need a session and the own origin', async () => {
      const chief = await console.administrator();
      for (const transports of [['websocket'], ['polling']]) {
        await expect(connect('', console.origin, transports)).rejects.toThrow();
        await expect(connect(chief.cookie, 'https://evil.example', transports)).rejects.toThrow();
        expect((await connect(chief.cookie, console.origin, transports)).connected).toBe(true);
      }
    });

    it('hear of their own area and what is below it, and only what their role may see', async () => {
      const chief = await console.administrator();
      const district = await createArea(chief, 'Cẩm Thủy', null, 'district');
      const commune = await createArea(chief, 'Cẩm Bình', district.id);
      const other = await createArea(chief, 'Chí Đám');
      await createAccount(chief, 'huyen', 'district_officer', district.id);
      await createAccount(chief, 'canbo', 'commune_officer', commune.id);
      await createAccount(chief, 'xakhac', 'commune_officer', other.id);
      await createAccount(chief, 'kythuat', 'technician', district.id);

      const heard: string[] = [];
      const names = ['quantri', 'huyen', 'canbo', 'xakhac', 'kythuat'];
      for (const name of names) {
        const socket = await connect((await signedIn(name)).cookie);
        socket.on('incident.changed', (id: string) => heard.push(`${name} ${id}`));
        socket.on('recorder.alerts', () => heard.push(`${name} alerts`));
      }
      await until(() => console.realtime.liveSessionIds.length === names.length);
      console.realtime.toArea(commune.id, 'incident.view', 'incident.changed', 'in commune');
      console.realtime.toArea(district.id, 'incident.view', 'incident.changed', 'in district');
      // A recorder is of no area: whoever may see recorders hears of it.
      console.realtime.toPermission('recorder.view', 'recorder.alerts', []);
      console.realtime.toArea('00000000-0000-4000-8000-000000000000', 'incident.view', 'incident.changed', 'last');
      await until(() => heard.includes('quantri last'));
      await until(() => heard.length >= 8);
      expect(heard.sort()).toEqual([
        'canbo in commune',
        'huyen in commune',
        'huyen in district',
        'kythuat alerts',
        'quantri alerts',
        'quantri in commune',
        'quantri in district',
        'quantri last',
      ]);
    });
  });

  describe('the end of a session', () => {
    /** A browser that watches: a socket and an answer that never ends by itself. */
    async function watching(browser: Browser) {
      const socket = await connect(browser.cookie);
      const events: string[] = [];
      socket.on('session.ended', () => events.push('session.ended'));
      socket.on('disconnect', () => events.push('disconnect'));
      const answer = await browser.send('GET', '/api/test/endless');
      expect(answer.status).toBe(200);
      let media: 'running' | 'cut' | 'complete' = 'running';
      answer.arrayBuffer().then(
        () => (media = 'complete'),
        () => (media = 'cut'),
      );
      return { ended: () => until(() => events.length === 2 && media === 'cut'), events, media: () => media };
    }

    it('by signing out ends its socket and its stream, and no others', async () => {
      await console.administrator();
      const [leaving, staying] = [await signedIn('quantri'), await signedIn('quantri')];
      const [gone, kept] = [await watching(leaving), await watching(staying)];
      expect((await leaving.send('DELETE', '/api/session')).status).toBe(204);
      await gone.ended();
      expect(gone.events).toEqual(['session.ended', 'disconnect']);
      expect(kept.events).toEqual([]);
      expect(kept.media()).toBe('running');
      expect((await staying.send('GET', '/api/areas')).status).toBe(200);
    });

    it.each([
      ['a changed role', { role: 'technician' }],
      ['a changed area', { areaId: null }],
      ['a new password', { password: 'mot-mat-khau-moi' }],
      ['being disabled', { enabled: false }],
    ])('by %s ends its socket and its stream', async (_name, change) => {
      const chief = await console.administrator();
      const area = await createArea(chief, 'Chí Đám');
      const account = await createAccount(chief, 'canbo', 'commune_officer', area.id);
      const browser = await signedIn('canbo');
      const watch = await watching(browser);
      await chief.json('PATCH', `/api/accounts/${account.id}`, change);
      await watch.ended();
      expect((await browser.send('GET', '/api/areas')).status).toBe(401);
    });

    it('by a new name does not come', async () => {
      const chief = await console.administrator();
      const account = await createAccount(chief, 'canbo', 'commune_officer');
      const browser = await signedIn('canbo');
      await chief.json('PATCH', `/api/accounts/${account.id}`, { displayName: 'Tên mới', locale: 'en' });
      expect((await browser.send('GET', '/api/areas')).status).toBe(200);
    });

    it('by its hours, or by another console, is noticed too', async () => {
      await console.administrator();
      const watch = await watching(await signedIn('quantri'));
      console.clock.advance(12 * 3600_000);
      await watch.ended();
    });
  });

  describe('the audit trail', () => {
    it('tells who came, who failed and what was changed, newest first, page by page', async () => {
      const chief = await console.administrator();
      await console.browser().signIn('quantri', 'wrong');
      const area = await createArea(chief, 'Chí Đám');
      const account = await createAccount(chief, 'canbo', 'commune_officer', area.id);
      await chief.json('PATCH', `/api/accounts/${account.id}`, { role: 'technician', password: 'mot-mat-khau-moi' });

      const pages: AuditRecordResponse[][] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const path = `/api/audit?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const page: { items: AuditRecordResponse[]; nextCursor: string | null } = await chief.json('GET', path);
        pages.push(page.items);
        cursor = page.nextCursor;
      }
      expect(pages.map((page) => page.length)).toEqual([2, 2, 2]);
      const records = pages.flat();
      expect(records.map((record) => record.action)).toEqual([
        'account.update',
        'account.create',
        'area.create',
        'session.sign_in_failed',
        'session.sign_in',
        'setup.complete',
      ]);
      expect(records[0]).toMatchObject({
        accountName: 'Quản trị',
        subjectName: 'canbo',
        areaId: area.id,
        address: '127.0.0.1',
        details: { before: { role: 'commune_officer' }, after: { role: 'technician' }, newPassword: true },
      });
      expect(records[3]).toMatchObject({ accountId: null, accountName: 'quantri' });
      expect(JSON.stringify(records)).not.toMatch(/mot-mat-khau-moi|argon2/);

      const filtered = await chief.json<{ items: AuditRecordResponse[] }>(
        'GET',
        `/api/audit?action=account.create&subjectId=${account.id}`,
      );
      expect(filtered.items.map((record) => record.subjectName)).toEqual(['canbo']);
    });

    it('shows an administrator of an area only what concerns it', async () => {
      const chief = await console.administrator();
      const area = await createArea(chief, 'Chí Đám');
      await createArea(chief, 'Đồng Lương');
      await createAccount(chief, 'quantrixa', 'administrator', area.id);
      const local = await signedIn('quantrixa');
      const { items } = await local.json<{ items: AuditRecordResponse[] }>('GET', '/api/audit');
      expect(items.map((record) => `${record.action} ${record.subjectName}`)).toEqual([
        'session.sign_in quantrixa',
        'account.create quantrixa',
        'area.create Chí Đám',
      ]);
    });

    it('cannot be changed, not even by a query', async () => {
      await console.administrator();
      for (const statement of [`UPDATE audit_record SET account_name = 'x'`, 'DELETE FROM audit_record']) {
        await expect(console.database.write((manager) => manager.query(statement))).rejects.toThrow(/append-only/);
      }
      const rows: unknown[] = await console.database.read.query('SELECT * FROM audit_record');
      expect(rows).toHaveLength(2);
    });
  });

  describe('areas', () => {
    it('form a tree that a scope sees a part of', async () => {
      const chief = await console.administrator();
      const province = await createArea(chief, 'Tỉnh Thanh Hóa', null, 'province');
      const district = await createArea(chief, 'Cẩm Thủy', province.id, 'district');
      const commune = await createArea(chief, 'Cẩm Bình', district.id);
      await createArea(chief, 'Chí Đám');
      await createAccount(chief, 'huyen', 'administrator', district.id);
      const local = await signedIn('huyen');
      const names = async (browser: Browser) =>
        (await browser.json<{ items: AreaResponse[] }>('GET', '/api/areas')).items.map((area) => area.name);
      expect(await names(local)).toEqual(['Cẩm Thủy', 'Cẩm Bình']);
      expect(await names(chief)).toHaveLength(4);

      expect(await local.errorCode('PATCH', `/api/areas/${province.id}`, { name: 'x' })).toEqual([
        404,
        'area_not_found',
      ]);
      expect(await local.errorCode('POST', '/api/areas', { name: 'x', parentId: null, level: 'other' })).toEqual([
        403,
        'outside_area',
      ]);
      expect(await local.errorCode('PATCH', `/api/areas/${commune.id}`, { parentId: province.id })).toEqual([
        404,
        'area_not_found',
      ]);
    });

    it('say how long footage is kept, for everything below that says nothing itself', async () => {
      const chief = await console.administrator();
      const province = await createArea(chief, 'Tỉnh Thanh Hóa', null, 'province');
      const district = await createArea(chief, 'Cẩm Thủy', province.id, 'district');
      const commune = await createArea(chief, 'Cẩm Bình', district.id);
      const days = async (browser: Browser) => {
        const { items } = await browser.json<{ items: AreaResponse[] }>('GET', '/api/areas');
        return items.map((area) => [area.retentionDays, area.effectiveRetentionDays, area.inheritedRetentionDays]);
      };
      expect(await days(chief)).toEqual([
        [null, 30, 30],
        [null, 30, 30],
        [null, 30, 30],
      ]);
      await chief.json('PATCH', `/api/areas/${province.id}`, { retentionDays: 90 });
      const changed = await chief.json<AreaResponse>('PATCH', `/api/areas/${commune.id}`, { retentionDays: 7 });
      expect(changed).toMatchObject({ retentionDays: 7, effectiveRetentionDays: 7, inheritedRetentionDays: 90 });
      expect(await days(chief)).toEqual([
        [90, 90, 30],
        [null, 90, 90],
        [7, 7, 90],
      ]);
      expect(console.retentionChanges).toEqual([province.id, commune.id]);
      // Nothing about days: nobody is told.
      await chief.json('PATCH', `/api/areas/${commune.id}`, { name: 'Cẩm Bình mới' });
      expect(console.retentionChanges).toHaveLength(2);
      await chief.json('PATCH', `/api/areas/${commune.id}`, { retentionDays: null });
      await chief.json('PATCH', `/api/areas/${district.id}`, { parentId: null });
      expect(console.retentionChanges).toEqual([province.id, commune.id, commune.id, district.id]);
      await createAccount(chief, 'xabinh', 'administrator', commune.id);
      await chief.json('PATCH', `/api/areas/${district.id}`, { retentionDays: 45 });
      // Inherited from above the own scope too.
      expect(await days(await signedIn('xabinh'))).toEqual([[null, 45, 45]]);
      expect((await chief.send('PATCH', `/api/areas/${commune.id}`, { retentionDays: 0 })).status).toBe(400);
    });

    it('move with everything below them, never into themselves', async () => {
      const chief = await console.administrator();
      const old = await createArea(chief, 'Phú Thọ cũ', null, 'province');
      const district = await createArea(chief, 'Đoan Hùng', old.id, 'district');
      const commune = await createArea(chief, 'Chí Đám', district.id);
      const merged = await createArea(chief, 'Phú Thọ', null, 'province');
      await createAccount(chief, 'tinh', 'district_officer', merged.id);
      const officer = await signedIn('tinh');
      const seen = async () =>
        (await officer.json<{ items: AreaResponse[] }>('GET', '/api/areas')).items.map((area) => area.name);
      expect(await seen()).toEqual(['Phú Thọ']);

      expect(await chief.errorCode('PATCH', `/api/areas/${old.id}`, { parentId: commune.id })).toEqual([
        409,
        'area_cycle',
      ]);
      await chief.json('PATCH', `/api/areas/${district.id}`, { parentId: merged.id });
      expect(await seen()).toEqual(['Phú Thọ', 'Đoan Hùng', 'Chí Đám']);
      expect(await chief.send('DELETE', `/api/areas/${old.id}`)).toMatchObject({ status: 204 });
    });

    it('are deleted only when empty, and have marks of their own', async () => {
      const chief = await console.administrator();
      const district = await createArea(chief, 'Huyện Cẩm Thủy', null, 'district');
      const first = await createArea(chief, 'xã Chí Đám', district.id);
      const second = await createArea(chief, 'Cẩm Đường', district.id);
      expect([district.code, first.code, second.code]).toEqual(['CT', 'CĐ', 'CĐ2']);
      expect(await chief.errorCode('PATCH', `/api/areas/${second.id}`, { code: 'CĐ' })).toEqual([
        409,
        'area_code_taken',
      ]);
      expect(await chief.errorCode('DELETE', `/api/areas/${district.id}`)).toEqual([409, 'area_not_empty']);
      await createAccount(chief, 'canbo', 'technician', second.id);
      const refused = await chief.send('DELETE', `/api/areas/${second.id}`);
      expect(((await refused.json()) as { error: { details: unknown } }).error.details).toEqual({ accounts: 1 });
      expect((await chief.send('DELETE', `/api/areas/${first.id}`)).status).toBe(204);
    });
  });
}
