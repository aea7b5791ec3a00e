const partsThere = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Asia/Ho_Chi_Minh',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** "2026-CĐ-0147_Ngã ba chợ_20261122-143000.mp4": fit for every file system; local time of the first picture. */
export function clipDownloadName(clip: {
  incidentNumber: string;
  cameraName: string;
  fromMs: number;
  index: number;
  count: number;
}): string {
  const time = Object.fromEntries(partsThere.formatToParts(clip.fromMs).map(({ type, value }) => [type, value]));
  const stamp = `${time.year}${time.month}${time.day}-${time.hour}${time.minute}${time.second}`;
  const part = clip.count > 1 ? `_${clip.index + 1}-${clip.count}` : '';
  return `${harmless(clip.incidentNumber)}_${harmless(clip.cameraName).slice(0, 80)}_${stamp}${part}.mp4`;
}

function harmless(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\\/:*?"<>|]+/gu, '-')
    .trim();
}

/** Content-Disposition of a download: plain letters for old programs, the true name beside them (RFC 6266 4.3, RFC 8187). */
export function attachment(fileName: string): string {
  const plain = fileName
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/đ/g, 'd')
    .replace(/Đ/g, 'D')
    .replace(/[^\x20-\x7e]/g, '_')
    .replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
