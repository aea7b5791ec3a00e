export function scopeSuite(_open: unknown): void {}
