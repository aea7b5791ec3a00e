export function evidenceSuite(_open: unknown): void {}
