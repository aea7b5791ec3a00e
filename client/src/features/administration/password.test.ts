import { newPasswordSchema } from '@choi-canh/shared/accounts';
import { passwordFault } from '@choi-canh/shared/password-faults';
import { describe, expect, it } from 'vitest';
import { generatePassword } from './password.js';

describe('generatePassword', () => {
  it('is readable, long enough for the server, and new each time', () => {
    const passwords = Array.from({ length: 200 }, generatePassword);
    for (const password of passwords) {
      expect(password).toMatch(/^[a-hj-km-np-z2-9]{4}(-[a-hj-km-np-z2-9]{4}){3}$/);
      expect(newPasswordSchema.safeParse(password).success).toBe(true);
      expect(passwordFault(password, ['nguyen.an', 'Nguyễn Văn An'])).toBeUndefined();
    }
    expect(new Set(passwords).size).toBe(200);
  });
});
