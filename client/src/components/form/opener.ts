/**
 * What gets the focus back when a dialog closes: what had it, or for an entry of a menu or a popover (soon gone) the
 * button that opened it.
 */
export function openerToReturnTo(): HTMLElement | undefined {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === document.body) return undefined;
  // They are named after their button.
  const buttonId = active.closest('[role="menu"], .mantine-Popover-dropdown')?.getAttribute('aria-labelledby');
  return (buttonId === null || buttonId === undefined ? null : document.getElementById(buttonId)) ?? active;
}
