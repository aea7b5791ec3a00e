/** What gets the focus back when a dialog closes: what had it, or for an entry of a menu (soon gone) the menu's button. */
export function openerToReturnTo(): HTMLElement | undefined {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === document.body) return undefined;
  // A menu is named after its button.
  const buttonId = active.closest('[role="menu"]')?.getAttribute('aria-labelledby');
  return (buttonId === null || buttonId === undefined ? null : document.getElementById(buttonId)) ?? active;
}
