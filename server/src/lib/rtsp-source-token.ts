/** Identifies one picture of a device without ONVIF among others: the path of its main stream. */
export function rtspSourceToken(mainUrl: string): string {
  const path = mainUrl.replace(/^[a-z]+:\/\/[^/?#]*/i, '') || '/';
  return path.length <= 128 ? path : path.slice(-128);
}
