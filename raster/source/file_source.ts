/**
 * A local file as a source of bytes.
 *
 * @module
 */
import { errorCode, messageOf, RasterError } from "../../core/errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { FileHandles } from "./file_handles.ts";
import { hasChanged } from "./version.ts";

/** Reasons of the operating system that have something to be done about them, by its codes. */
const REASONS: Readonly<Record<string, string>> = {
  EMFILE: "too many files are open (raise ulimit -n)",
  ENOTDIR: "a part of its path is a file, not a folder",
  ELOOP: "its symbolic links lead round in circles",
};

/** How a file is opened. */
export interface OpenFileOptions {
  /** What messages call it. Default its path. */
  readonly name?: string | undefined;
  /** The open files that it is to be one of. Default its own. */
  readonly handles?: FileHandles | undefined;
}

/** A file, read synchronously: one read costs a few microseconds less than through a promise. */
export class FileSource implements ByteSource {
  /** What messages call it. */
  readonly name: string;
  /** About what a seek and a read cost, in bytes copied from the page cache. */
  readonly worthSkippingBytes = 16384;
  readonly #path: string;
  readonly #handles: FileHandles;
  #byteLength = 0;
  #version: string | undefined;
  #isClosed = false;

  private constructor(path: string, { name = path, handles = new FileHandles() }: OpenFileOptions) {
    this.name = name;
    this.#path = path;
    this.#handles = handles;
  }

  /**
   * Opens `path` for reading.
   *
   * @throws {RasterError} if it is missing, a folder, or not readable.
   */
  static async open(path: string, options: OpenFileOptions = {}): Promise<FileSource> {
    const source = new FileSource(path, options);
    const { name } = source;
    try {
      // A FIFO would block the open for ever, and a device has no size.
      const { isFile, isDirectory } = await Deno.stat(path);
      if (isDirectory) {
        throw new RasterError(`Cannot open '${name}': it is a folder, give a raster file in it`);
      }
      if (!isFile) throw new RasterError(`Cannot open '${name}': it is not a regular file`);
    } catch (error) {
      throw openError(name, error);
    }
    source.#file();
    return source;
  }

  /** Size in bytes, when it was opened. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Size and modification time. */
  get version(): string {
    return this.#version!;
  }

  /**
   * `byteLength` bytes from `offset` on.
   *
   * @throws {RasterError} if they are not all there.
   */
  read(offset: number, byteLength: number): Uint8Array<ArrayBuffer> {
    checkRange(this, offset, byteLength);
    const bytes = new Uint8Array(byteLength);
    this.readInto(offset, bytes);
    return bytes;
  }

  /**
   * Fills `into` with the bytes from `offset` on.
   *
   * @throws {RasterError} if they are not all there.
   */
  readInto(offset: number, into: Uint8Array<ArrayBuffer>): void {
    checkRange(this, offset, into.length);
    const file = this.#file();
    let filled = 0;
    try {
      file.seekSync(offset, Deno.SeekMode.Start);
      while (filled < into.length) {
        const n = file.readSync(filled === 0 ? into : into.subarray(filled));
        if (n === null) break;
        filled += n;
      }
    } catch (cause) {
      throw new RasterError(`Cannot read '${this.name}': ${messageOf(cause)}`, { cause });
    }
    if (filled < into.length) {
      throw new RasterError(
        `'${this.name}' is truncated: it ended at byte ${offset + filled} while it was read, but had ` +
          `${this.byteLength} bytes when it was opened; was it overwritten?`,
      );
    }
  }

  /** Closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#handles.close(this);
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** The open file; one that was closed meanwhile is opened again. */
  #file(): Deno.FsFile {
    if (this.#isClosed) throw new RasterError(`Cannot read '${this.name}': it has been closed`);
    try {
      return this.#handles.get(this, () => this.#open());
    } catch (error) {
      throw openError(this.name, error);
    }
  }

  #open(): Deno.FsFile {
    const file = Deno.openSync(this.#path, { read: true });
    try {
      const { size, mtime } = file.statSync();
      const version = `${size}-${mtime?.getTime() ?? 0}`;
      if (this.#version !== undefined && version !== this.#version) throw hasChanged(this.name);
      this.#byteLength = size;
      this.#version = version;
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }
}

function openError(path: string, error: unknown): RasterError {
  if (error instanceof RasterError) return error;
  const cause = { cause: error };
  if (error instanceof Deno.errors.NotFound) {
    const hint = /[*?]/.test(path) ? "; * and ? are not replaced by files' names: list the files" : "";
    return new RasterError(`Cannot open '${path}': there is no such file${hint}`, cause);
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new RasterError(`Cannot open '${path}': ${messageOf(error)}`, cause);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new RasterError(
      `Cannot open '${path}': permission denied, check the file's mode and owner`,
      cause,
    );
  }
  const reason = REASONS[errorCode(error) ?? ""] ?? messageOf(error);
  return new RasterError(`Cannot open '${path}': ${reason}`, cause);
}
