import { describe, expect, it } from 'vitest';
import { draftChange, type RecorderDraft } from './recorder-draft.js';

const recorder = { name: 'Máy ghi xã', url: 'http://192.168.1.20:8471' };
const same: RecorderDraft = { ...recorder, token: '' };
const token = 'token-of-the-recorder';

describe('a draft of a recorder', () => {
  it.each<[string, Partial<RecorderDraft>, object, string[]]>([
    ['changes nothing as it is', {}, {}, []],
    ['changes nothing by blanks and a slash', { name: ' Máy ghi xã ', url: ` ${recorder.url}/ `, token: ' ' }, {}, []],
    ['changes the name', { name: 'Máy ghi chợ ' }, { name: 'Máy ghi chợ' }, []],
    ['changes the token', { token: ` ${token} ` }, { token }, []],
    ['changes address and token', { url: 'https://10.0.0.5', token }, { url: 'https://10.0.0.5', token }, []],
    ['needs a name', { name: '  ' }, {}, ['name']],
    ['needs a whole token', { token: 'short' }, {}, ['token']],
    ['needs the token for a new address', { url: 'http://10.0.0.5' }, {}, ['token']],
    ['needs an address without a path', { url: `${recorder.url}/v1`, token }, {}, ['url']],
    ['needs an address', { url: 'máy ở xã', token }, {}, ['url']],
  ])('%s', (_what, given, patch, wrong) => {
    const change = draftChange(recorder, { ...same, ...given });
    expect(change.patch).toEqual(patch);
    expect([...change.wrong]).toEqual(wrong);
  });

  it('says when the token is asked for', () => {
    expect(draftChange(recorder, same).moved).toBe(false);
    expect(draftChange(recorder, { ...same, url: 'http://192.168.1.21:8471' }).moved).toBe(true);
  });

  it('of the recorder beside the server has a name alone', () => {
    const own = { name: 'may-chu', url: null };
    expect(draftChange(own, { name: 'Máy ở xã', url: 'http://10.0.0.5', token })).toEqual({
      ...{ patch: { name: 'Máy ở xã' }, moved: false },
      wrong: new Set(),
    });
  });
});
