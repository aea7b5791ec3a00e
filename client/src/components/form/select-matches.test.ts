import { describe, expect, it } from 'vitest';
import { selectMatches } from './select-matches.js';

const labels = [
  'Mâu thuẫn tại khu dân cư',
  'Trộm cắp tài sản',
  'Tai nạn giao thông',
  'Gây rối trật tự công cộng',
  'Cổng chợ Mới',
  'Cổng chợ',
  'Công an xã',
];
const options = labels.map((label) => ({ label }));

describe('selectMatches', () => {
  it.each([
    ['tai nan', ['Tai nạn giao thông']],
    ['nạn tai', ['Tai nạn giao thông']],
    ['TAI', ['Tai nạn giao thông', 'Mâu thuẫn tại khu dân cư', 'Trộm cắp tài sản']],
    ['tài', ['Trộm cắp tài sản', 'Tai nạn giao thông', 'Mâu thuẫn tại khu dân cư']],
    ['cong', ['Cổng chợ Mới', 'Cổng chợ', 'Công an xã', 'Gây rối trật tự công cộng']],
    ['công', ['Công an xã', 'Gây rối trật tự công cộng', 'Cổng chợ Mới', 'Cổng chợ']],
    ['  giao   thông ', ['Tai nạn giao thông']],
    ['cong cho', ['Cổng chợ', 'Cổng chợ Mới']],
    ['cháy', []],
    ['', labels],
  ])('%s', (query, expected) => expect(selectMatches(options, query).map(({ label }) => label)).toEqual(expected));
});
