import { describe, expect, it } from 'vitest';
import { passwordFault, type PasswordFault } from './password-faults.js';

const names = ['nguyen.an', 'Đỗ Nguyên Ân'];

describe('a new password', () => {
  it.each<[string, PasswordFault]>([
    ['ngan', 'short'],
    ['abcd12345', 'short'],
    [' '.repeat(10), 'repeated'],
    ['aaaaaaaaaa', 'repeated'],
    ['1111111111', 'repeated'],
    ['1212121212', 'repeated'],
    ['abcabcabcabc', 'repeated'],
    ['haihaihaihai', 'repeated'],
    ['qwertyuiop', 'walk'],
    ['1234567890', 'walk'],
    ['0987654321', 'walk'],
    ['abcdefghijkl', 'walk'],
    ['1qaz2wsx3edc', 'walk'],
    ['1q2w3e4r5t', 'walk'],
    ['asdfghjkl;1234', 'walk'],
    ['!@#$%^&*()', 'walk'],
    ['qwerty123456', 'walk'],
    ['147258369147', 'digits'],
    ['0912583746', 'digits'],
    ['19081990-2020', 'digits'],
    ['password12', 'common'],
    ['P@ssw0rd2024', 'common'],
    ['Password!!!!', 'common'],
    ['matkhau123', 'common'],
    ['Mật khẩu 2026', 'common'],
    ['MatKhau19081990', 'common'],
    ['admin@123456', 'common'],
    ['congan2026!', 'common'],
    ['anhyeuem123', 'common'],
    ['emyeuanhmaiyeu', 'common'],
    ['hikvision12345', 'common'],
    ['quantri@2026', 'common'],
    ['iloveyou1234', 'common'],
    ['welcome2026', 'common'],
    ['nguyen.an2026', 'own_name'],
    ['NguyenAn123', 'own_name'],
    ['donguyenan', 'own_name'],
    ['Đỗ Nguyên Ân 90', 'own_name'],
    ['an.nguyen.1990', 'own_name'],
    ['matkhau-nguyenan', 'own_name'],
  ])('%j is %s', (password, fault) => expect(passwordFault(password, names)).toBe(fault));

  it.each([
    ['mat-khau-dai-that'],
    ['mot-mat-khau-moi'],
    ['con-duong-lang-xanh-mat'],
    ['Con trâu ăn cỏ ngoài đồng'],
    ['sáng nay trời mưa to'],
    ['camera ở ngã ba chợ xanh'],
    ['k7mw-q2xp-n4tz-r8vd'],
    ['correct horse battery staple'],
    ['Nguyên đi chợ mua cá tươi'],
    ['東京の朝はとても静かです'],
    ['7391846205718364'],
  ])('%j is taken', (password) => expect(passwordFault(password, names)).toBeUndefined());

  it('is judged in time that grows with its length, whatever it is', () => {
    const began = performance.now();
    passwordFault(
      'qwertyuiop'.repeat(20),
      Array.from({ length: 5 }, () => 'a b c d e f'.repeat(10)),
    );
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
