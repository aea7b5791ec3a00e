import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import i18next from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorKinds } from '@choi-canh/shared/errors';
import { ApiError } from './api-error.js';
import { errorText, fieldErrors } from './error-text.js';

const read = (language: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../locales', language, 'errors.json'), 'utf8')) as Record<
    string,
    unknown
  >;
beforeAll(async () => {
  await i18next.init({
    lng: 'vi',
    ns: ['errors'],
    resources: { vi: { errors: read('vi') } },
    interpolation: { escapeValue: false },
  });
});
const failed = (init: Partial<ConstructorParameters<typeof ApiError>[0]>) =>
  new ApiError({ kind: 'conflict', code: '', message: 'English, never shown', ...init });

describe('errorText', () => {
  it.each([
    [failed({ code: 'username_taken' }), 'Tên đăng nhập này đã được sử dụng. Hãy chọn tên khác.'],
    [failed({ code: 'area_code_taken', details: { code: 'CĐ' } }), 'Ký hiệu “CĐ” đã dùng cho địa bàn khác.'],
    [failed({ code: 'made_up' }), 'Dữ liệu vừa được người khác thay đổi. Hãy tải lại rồi làm tiếp.'],
    [
      failed({ kind: 'network', code: 'network' }),
      'Không kết nối được với máy chủ. Hãy kiểm tra đường truyền rồi thử lại.',
    ],
    [
      new TypeError('undefined is not a function'),
      'Có lỗi ngoài dự kiến. Hãy tải lại trang; nếu vẫn lỗi, báo quản trị viên.',
    ],
  ])('%s', (error, expected) => expect(errorText(error)).toBe(expected));

  it('has a sentence for every kind', () => {
    for (const kind of [...errorKinds, 'network', 'bad_answer'] as const) {
      expect(errorText(failed({ kind, code: '' })), kind).not.toContain('errors:');
    }
  });
});

describe('fieldErrors', () => {
  it('names each field once, with its sentence', () => {
    const error = failed({
      kind: 'invalid',
      code: 'invalid_input',
      fields: [
        { path: 'body.username', message: 'Invalid string' },
        { path: 'devices.3.name', message: 'Too big' },
        { path: 'surprise', message: 'Invalid' },
      ],
    });
    expect(fieldErrors(error)).toEqual({
      username: 'Từ 3 đến 40 ký tự: chữ thường không dấu, số, dấu chấm, gạch dưới, gạch ngang.',
      devices: 'Hãy nhập tên, nhiều nhất 120 ký tự.',
      surprise: 'Nội dung chưa hợp lệ.',
    });
  });
  it('prefers the sentence of the code', () => {
    const error = failed({
      kind: 'invalid',
      code: 'wrong_password',
      fields: [{ path: 'currentPassword', message: '' }],
    });
    expect(fieldErrors(error)).toEqual({ currentPassword: 'Mật khẩu hiện tại không đúng.' });
  });
  it('has nothing to say of other errors', () => expect(fieldErrors(new Error('x'))).toEqual({}));
});

describe('what the console throws at people', () => {
  /** Codes that mean a defect or a wrong installation; the sentence of their kind is right for them. */
  const general = new Set(['internal', 'bad_request', 'bad_json', 'not_json', 'bad_id', 'invalid_request']);
  const root = join(import.meta.dirname, '../../../server/src/console');
  const codes = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(join(root, file), 'utf8').matchAll(/new AppError\(\s*'(?!internal)\w+',\s*'(\w+)'/g),
    ])
    .map((match) => match[1] ?? '');
  it('has a sentence of its own for each code', () => {
    expect(codes.length).toBeGreaterThan(20);
    const known = read('vi');
    const without = [...new Set(codes)].filter((code) => !general.has(code) && !(code in known));
    expect(without, 'add them to locales/*/errors.json').toEqual([]);
  });
});
