const typedIn =
  'textarea, select, [contenteditable="true"], input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"], [type="range"])';

/** Keys belong to a field that is typed in, and to an open dialog, menu or list, before they belong to the page. */
export function isKeyTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(`${typedIn}, [role="dialog"], [role="listbox"], [role="menu"]`)) return true;
  return document.querySelector('[role="dialog"], [role="menu"]') !== null;
}

/** Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y; elsewhere the browser would undo in a field that was left, and go there. */
export function historyCommand(event: KeyboardEvent): 'undo' | 'redo' | undefined {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return undefined;
  const pressed = event.key.toLowerCase();
  if (pressed === 'z') return event.shiftKey ? 'redo' : 'undo';
  return pressed === 'y' ? 'redo' : undefined;
}
