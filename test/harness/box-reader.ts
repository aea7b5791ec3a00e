// Boxes and samples of MP4 as a reader sees them that shares no code with the recorder (mp4box).
import { createRequire } from 'node:module';

export interface ReadSample {
  readonly dts: number;
  readonly cts: number;
  readonly duration: number;
  readonly size: number;
  readonly offset: number;
  readonly is_sync: boolean;
}

interface ReadBox {
  readonly type: string;
  readonly has_unparsed_data?: boolean;
  readonly boxes?: ReadBox[];
  readonly entries?: ReadBox[];
}

interface ReadFile {
  onError: (code: string, message: string) => void;
  readonly boxes: ReadBox[];
  appendBuffer(bytes: ArrayBuffer & { fileStart: number }): void;
  flush(): void;
  getTrackById(id: number): { samples: ReadSample[] } | undefined;
}

const { createFile } = createRequire(import.meta.url)('mp4box') as { createFile: (keepData?: boolean) => ReadFile };

/** Reads every box. @throws where one is not understood whole */
export function readBoxes(bytes: Buffer): { types: string[]; samples: ReadSample[] } {
  const file = createFile(true);
  const errors: string[] = [];
  file.onError = (code, message) => errors.push(`${code} ${message}`);
  file.appendBuffer(Object.assign(new Uint8Array(bytes).buffer, { fileStart: 0 }));
  file.flush();
  const types: string[] = [];
  const walk = (box: ReadBox, path: string): void => {
    const own = `${path}/${box.type}`;
    types.push(own);
    if (box.has_unparsed_data === true || box.constructor.name === 'Box') errors.push(`${own} is not understood`);
    for (const child of [...(box.boxes ?? []), ...(box.entries ?? [])])
      if (typeof child.type === 'string' && child.type.length === 4) walk(child, own);
  };
  for (const box of file.boxes) walk(box, '');
  if (errors.length > 0) throw new Error(errors.join('; '));
  return { types, samples: file.getTrackById(1)?.samples ?? [] };
}
