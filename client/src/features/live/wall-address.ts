export const wallSizes = [1, 4, 9, 16] as const;
export type WallSize = (typeof wallSizes)[number];

/** The wall as its address carries it. */
export interface WallAddress {
  size: WallSize;
  /** From 1. */
  page: number;
  /** Chosen cameras in the order of their tiles; empty: all of the area. */
  cameraIds: string[];
  /** Camera shown alone and sharp. */
  focus: string | undefined;
}

/** Reads what is well-formed; the rest is as if it were absent. */
export function readWallAddress(search: URLSearchParams): WallAddress {
  // The page writes `n`; `tiles` is what people write.
  const size = Number(search.get('n') ?? search.get('tiles'));
  const page = Number(search.get('page'));
  const ids = (search.get('cams') ?? '').split(',').filter((id) => /^[0-9a-f-]{36}$/i.test(id));
  return {
    size: wallSizes.find((known) => known === size) ?? 9,
    page: Number.isInteger(page) && page > 0 ? page : 1,
    cameraIds: [...new Set(ids)].slice(0, 64),
    focus: search.get('focus') ?? undefined,
  };
}

/** The part of `items` on a page; a page past the end is the last one. */
export function pageOf<T>(items: readonly T[], size: number, page: number) {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const current = Math.min(Math.max(1, page), pages);
  const first = (current - 1) * size;
  return { pages, page: current, first, items: items.slice(first, first + size) };
}
