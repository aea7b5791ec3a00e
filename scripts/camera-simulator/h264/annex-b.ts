/** Splits an Annex B byte stream (H.264 B.1) into NAL units without start codes. */
export function splitNals(stream: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let start = -1;
  for (let at = stream.indexOf('\0\0\x01', 0, 'latin1'); at !== -1; at = stream.indexOf('\0\0\x01', at + 3, 'latin1')) {
    if (start !== -1) nals.push(trimZeros(stream.subarray(start, at)));
    start = at + 3;
  }
  if (start !== -1) nals.push(trimZeros(stream.subarray(start)));
  return nals.filter((nal) => nal.length > 0);
}

function trimZeros(nal: Buffer): Buffer {
  let end = nal.length;
  while (end > 0 && nal[end - 1] === 0) end -= 1;
  return nal.subarray(0, end);
}

export const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;

export const nalTypes = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, accessUnitDelimiter: 9, filler: 12 } as const;

export interface AccessUnit {
  readonly keyframe: boolean;
  /** SPS and PPS sent with it; empty for most. */
  readonly parameterSets: Buffer[];
  readonly slices: Buffer[];
}

/** Groups the NAL units of an encoder's output by access unit (H.264 7.4.1.2.4); SEI, delimiters and filler go. */
export function groupAccessUnits(nals: Buffer[]): AccessUnit[] {
  const units: AccessUnit[] = [];
  let parameterSets: Buffer[] = [];
  for (const nal of nals) {
    const type = nalType(nal);
    if (type === nalTypes.sps || type === nalTypes.pps) parameterSets.push(nal);
    if (type !== nalTypes.slice && type !== nalTypes.idr) continue;
    const firstSliceOfPicture = ((nal[1] ?? 0) & 0x80) !== 0; // first_mb_in_slice is ue(v) 0
    const last = units.at(-1);
    if (firstSliceOfPicture || !last) {
      units.push({ keyframe: type === nalTypes.idr, parameterSets, slices: [nal] });
      parameterSets = [];
    } else {
      last.slices.push(nal);
    }
  }
  return units;
}
