/**
 * The number of a picture, written into it so that it can be read from a screen: a row of boxes along the lower edge,
 * a white and a black one first, then the bits of the number, lowest first, white for 1.
 */
export const frameCodeBits = 10;
/** Boxes in the row; each is as wide as the picture divided by this, and as high as that is wide at 16:9. */
export const frameCodeBoxes = frameCodeBits + 2;
/** Height of the row as a share of the picture's. */
export const frameCodeHeight = 0.1;

/** Filters that draw the row, to be put after the others. */
export function frameCodeFilter({ width, height }: { width: number; height: number }): string {
  const high = Math.round(height * frameCodeHeight);
  const left = (box: number) => Math.round((box * width) / frameCodeBoxes);
  const draw = (box: number, colour: string, enable = '') =>
    `drawbox=x=${left(box)}:y=${height - high}:w=${left(box + 1) - left(box)}:h=${high}:color=${colour}:t=fill${enable}`;
  const bits = Array.from({ length: frameCodeBits }, (_, bit) =>
    draw(bit + 2, 'white', `:enable='mod(floor(n/${2 ** bit}),2)'`),
  );
  const ground = `drawbox=x=0:y=${height - high}:w=${width}:h=${high}:color=black:t=fill`;
  return [ground, draw(0, 'white'), ...bits].join(',');
}
