import { afterEach, expect, it, vi } from 'vitest';
import { loadPage } from './lazy-page.js';

const { reload, store } = vi.hoisted(() => ({ reload: vi.fn(), store: new Map<string, string>() }));
let answers: boolean[] = [];

vi.mock('../lib/server-contact.js', () => ({
  probeServer: () => Promise.resolve(answers.shift() ?? true),
  untilServerAnswers: async () => {
    while (answers.shift() === false);
    await Promise.resolve();
  },
  reloadWhenServerAnswers: () => {
    reload();
    return Promise.resolve();
  },
}));
vi.stubGlobal('sessionStorage', {
  getItem: (key: string) => store.get(key) ?? null,
  setItem: (key: string, value: string) => void store.set(key, value),
});

afterEach(() => {
  reload.mockClear();
  store.clear();
});

/** Fails `failures` times, then gives the page. */
function code(failures: number) {
  let left = failures;
  return vi.fn(() => ((left -= 1) >= 0 ? Promise.reject(new Error('no chunk')) : Promise.resolve('page')));
}

it('waits for the server and loads by itself', async () => {
  answers = [false, false, false, true];
  const load = code(1);
  expect(await loadPage(load)).toBe('page');
  expect(answers).toEqual([]);
  expect(load).toHaveBeenCalledTimes(2);
  expect(reload).not.toHaveBeenCalled();
});

it('asks again before it takes the build for an old one', async () => {
  answers = [true];
  expect(await loadPage(code(1))).toBe('page');
  expect(reload).not.toHaveBeenCalled();
});

it('reloads once where the code is gone although the server answers, and never in a loop', async () => {
  answers = [true];
  void loadPage(code(9));
  await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1));
  answers = [true];
  await expect(loadPage(code(9))).rejects.toThrow('no chunk');
  expect(reload).toHaveBeenCalledTimes(1);
});
