import { meResponse, type MeResponse } from '@choi-canh/shared/accounts';

const key = 'choi-canh.me';

/**
 * Who is signed in in this tab, so that a page that is reloaded while the server is away still has its frame. No
 * secret: the session is a cookie that no script reads. Gone with the tab, and when the session ends.
 */
export function rememberedAccount(): MeResponse | undefined {
  try {
    const parsed = meResponse.safeParse(JSON.parse(sessionStorage.getItem(key) ?? 'null'));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // storage forbidden by the browser's settings, or not ours
  }
}

export function rememberAccount(me: MeResponse | undefined): void {
  try {
    if (me === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(me));
  } catch {
    // Storage forbidden: a reload while the server is away then shows no frame.
  }
}
