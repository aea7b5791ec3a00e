const focusable = 'input, textarea, select, button, [tabindex]';

/**
 * The control of the first field in the order of the page that is among `names`. A field carries its name as
 * `data-path`, on its control or on an element around it.
 */
export function firstWrongField(form: ParentNode, names: ReadonlySet<string>): HTMLElement | undefined {
  for (const field of form.querySelectorAll<HTMLElement>('[data-path]')) {
    if (!names.has(field.dataset['path'] ?? '')) continue;
    const control = field.matches(focusable) ? field : usable(field);
    if (control !== undefined) return control;
  }
  return form.querySelector<HTMLElement>('[aria-invalid="true"]') ?? undefined;
}

function usable(field: HTMLElement): HTMLElement | undefined {
  const controls = [...field.querySelectorAll<HTMLElement>(focusable)];
  // In a group of radio buttons with a field of its own, that field is what is wrong.
  return controls.find((control) => control.getAttribute('aria-invalid') === 'true') ?? controls[0];
}
