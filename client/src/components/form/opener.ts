/** What gets the focus back when a dialog closes: what had it, or for an entry of a menu (soon gone) the menu's button. */
export function openerToReturnTo(): HTMLElement | undefined {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === document.body) return undefined;
  const menu = active.closest('[role="menu"]');
  const button = menu === null ? null : document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu.id)}"]`);
  return button ?? active;
}
