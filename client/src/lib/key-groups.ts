/** Half of a key's fingerprint in groups of four, for people who compare two: `3f0a 91c2 …`. */
export function keyGroups(fingerprint: string): string {
  return fingerprint.slice(0, 32).replace(/(.{4})(?=.)/g, '$1 ');
}
