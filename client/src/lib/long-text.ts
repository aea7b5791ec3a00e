/** So many characters fill three lines of a side panel. */
const longChars = 140;
const longLines = 4;

/** Whether a note is worth folding where there is little room. */
export function isLongText(text: string): boolean {
  return text.length > longChars || text.split('\n').length > longLines;
}
