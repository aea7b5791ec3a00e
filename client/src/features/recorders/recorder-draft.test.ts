import { describe, expect, it } from 'vitest';
import { draftChange, type RecorderDraft } from './recorder-draft.js';

const recorder = { name: 'Máy ghi xã', url: 'https://192.168.1.20:8471', key: 'a'.repeat(64) };
const same: RecorderDraft = { name: recorder.name, url: recorder.url, code: '' };
const code = '7K3M-Q9TX-0F2A-JV8C';

describe('a draft of a recorder', () => {
  it.each<[string, Partial<RecorderDraft>, object, string[]]>([
    ['changes nothing as it is', {}, {}, []],
    ['changes nothing by blanks and a slash', { name: ' Máy ghi xã ', url: ` ${recorder.url}/ `, code: ' ' }, {}, []],
    ['changes nothing by a shorter way to write it', { url: '192.168.1.20' }, {}, []],
    ['changes the name', { name: 'Máy ghi chợ ' }, { name: 'Máy ghi chợ' }, []],
    ['is paired again by a code', { code }, { code }, []],
    ['changes the address, which the key proves', { url: '10.0.0.5' }, { url: 'https://10.0.0.5:8471' }, []],
    ['changes the address with a code', { url: '10.0.0.5:90', code }, { url: 'https://10.0.0.5:90', code }, []],
    ['needs a name', { name: '  ' }, {}, ['name']],
    ['needs a whole code', { code: '7K3M' }, {}, ['code']],
    ['needs an address without a path', { url: `${recorder.url}/v1`, code }, {}, ['url']],
    ['needs an address over TLS', { url: 'http://10.0.0.5' }, {}, ['url']],
    ['needs an address', { url: 'máy ở xã', code }, {}, ['url']],
  ])('%s', (_what, given, patch, wrong) => {
    const change = draftChange(recorder, { ...same, ...given });
    expect(change.patch).toEqual(patch);
    expect([...change.wrong]).toEqual(wrong);
  });

  it('needs a code for another address where it was never paired', () => {
    const old = { ...recorder, url: 'http://192.168.1.20:8471', key: null };
    expect([...draftChange(old, same).wrong]).toEqual(['code']);
    expect(draftChange(old, { ...same, code }).patch).toEqual({ url: 'https://192.168.1.20:8471', code });
  });

  it('of the recorder beside the server has a name alone', () => {
    const own = { name: 'may-chu', url: null, key: null };
    expect(draftChange(own, { name: 'Máy ở xã', url: 'https://10.0.0.5', code })).toEqual({
      ...{ patch: { name: 'Máy ở xã' }, wrong: new Set() },
    });
  });
});
