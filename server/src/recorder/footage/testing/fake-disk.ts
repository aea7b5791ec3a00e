import type { FootageDisk, WritableFile } from '../footage-disk.js';

/** What is asked of the disk; `media` and `index` tell the kinds of files apart. */
export type DiskCall =
  | 'create media'
  | 'create index'
  | 'write media'
  | 'write index'
  | 'flush media'
  | 'flush index'
  | 'truncate'
  | 'close'
  | 'folder'
  | 'marker';

export interface FakeFile {
  bytes: Buffer;
  /** What a power cut would leave, were it now. */
  flushedBytes: number;
  open: boolean;
}

/** A disk in memory that does what the test tells: fails, is full, is slow. */
export class FakeDisk implements FootageDisk {
  readonly files = new Map<string, FakeFile>();
  readonly texts = new Map<string, string>();
  /** Called before every call; may wait, or throw as the system does. */
  before: (call: DiskCall, path: string) => Promise<void> | void = () => undefined;
  /** Room that is left; a write beyond it is made in part and then fails, as on a full disk. */
  freeBytes = Infinity;

  get openHandles(): number {
    return [...this.files.values()].filter((file) => file.open).length;
  }

  read(path: string, offset: number, byteLength: number): Promise<Buffer> {
    const bytes = this.files.get(path)?.bytes ?? Buffer.alloc(0);
    return bytes.length < offset + byteLength
      ? Promise.reject(new Error('the file is shorter than it was'))
      : Promise.resolve(Buffer.from(bytes.subarray(offset, offset + byteLength)));
  }

  async create(path: string): Promise<WritableFile> {
    const kind = path.endsWith('.idx') ? 'index' : 'media';
    await this.before(`create ${kind}`, path);
    if (this.files.has(path)) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    const file: FakeFile = { bytes: Buffer.alloc(0), flushedBytes: 0, open: true };
    this.files.set(path, file);
    return {
      writev: async (buffers, position) => {
        await this.before(`write ${kind}`, path);
        const data = Buffer.concat(buffers);
        const grown = Math.max(0, position + data.length - file.bytes.length);
        const fits = Math.min(data.length, data.length - grown + this.freeBytes);
        this.freeBytes -= Math.min(grown, this.freeBytes);
        const end = Math.max(file.bytes.length, position + fits);
        file.bytes = Buffer.concat([file.bytes, Buffer.alloc(end - file.bytes.length)]);
        data.copy(file.bytes, position, 0, fits);
        if (fits < data.length && fits === 0) throw noSpace();
        return { bytesWritten: fits };
      },
      datasync: async () => {
        const length = file.bytes.length;
        await this.before(`flush ${kind}`, path);
        file.flushedBytes = Math.max(file.flushedBytes, length);
      },
      truncate: async (byteLength) => {
        await this.before('truncate', path);
        if (byteLength < file.bytes.length) this.freeBytes += file.bytes.length - byteLength;
        file.bytes = Buffer.from(file.bytes.subarray(0, byteLength));
      },
      close: async () => {
        file.open = false;
        await this.before('close', path);
      },
    };
  }

  async makeFolder(path: string): Promise<boolean> {
    await this.before('folder', path);
    return true;
  }
  async replace(path: string, content: string): Promise<void> {
    await this.before('marker', path);
    this.texts.set(path, content);
  }
  async syncFolder(path: string): Promise<void> {
    await this.before('folder', path);
  }
  remove(path: string): Promise<void> {
    this.freeBytes += this.files.get(path)?.bytes.length ?? 0;
    this.files.delete(path);
    this.texts.delete(path);
    return Promise.resolve();
  }
}

export const noSpace = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
