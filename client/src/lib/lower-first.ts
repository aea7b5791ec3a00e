/** "Vi phạm" → "vi phạm"; "KCN" stays, for it is no word. */
export function lowerFirst(text: string, language: string): string {
  const second = text.charAt(1);
  if (second !== '' && second !== second.toLocaleLowerCase(language)) return text;
  return text.charAt(0).toLocaleLowerCase(language) + text.slice(1);
}
