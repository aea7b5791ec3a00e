import i18next from 'i18next';

const units = ['MB', 'GB', 'TB', 'PB'];

/** Sizes of disks as they are sold: `1,2 TB` is 1.2 × 10^12 bytes. */
export function formatDiskSize(bytes: number): string {
  let value = Math.max(0, bytes) / 1e6;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  return `${new Intl.NumberFormat(i18next.language, { maximumFractionDigits: digits }).format(value)} ${units[unit] ?? ''}`;
}
