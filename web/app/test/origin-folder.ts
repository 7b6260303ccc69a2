/** A folder of the origin private file system, in memory. */
export class OriginFolder {
  readonly kind = 'directory';
  readonly inside = new Map<string, OriginFolder | OriginFile>();
  /** Bytes that fit on the disk. */
  readonly disk: { bytes: number };

  constructor(disk = { bytes: Number.POSITIVE_INFINITY }) {
    this.disk = disk;
  }

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<OriginFolder> {
    const found = this.inside.get(name) ?? (create ? new OriginFolder(this.disk) : null);
    if (!(found instanceof OriginFolder)) throw new DOMException(name, 'NotFoundError');
    this.inside.set(name, found);
    return found;
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<OriginFile> {
    const found = this.inside.get(name) ?? (create ? new OriginFile(name, this.disk) : null);
    if (!(found instanceof OriginFile)) throw new DOMException(name, 'NotFoundError');
    this.inside.set(name, found);
    return found;
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.inside.delete(name)) throw new DOMException(name, 'NotFoundError');
  }

  async *entries(): AsyncGenerator<[string, OriginFolder | OriginFile]> {
    yield* this.inside;
  }
}

export class OriginFile {
  readonly kind = 'file';
  readonly #name: string;
  readonly #disk: { bytes: number };
  #file: File;

  constructor(name: string, disk: { bytes: number }) {
    this.#name = name;
    this.#disk = disk;
    this.#file = new File([], name, { lastModified: Date.now() });
  }

  async getFile(): Promise<File> {
    return this.#file;
  }

  async createWritable() {
    const written: Uint8Array<ArrayBuffer>[] = [];
    return {
      write: async (bytes: Uint8Array<ArrayBuffer>) => {
        this.#disk.bytes -= bytes.length;
        if (this.#disk.bytes < 0) throw new DOMException('the disk is full', 'QuotaExceededError');
        written.push(bytes.slice());
      },
      close: async () => {
        this.#file = new File(written, this.#name, { lastModified: Date.now() });
      },
      abort: async () => undefined,
    };
  }
}
