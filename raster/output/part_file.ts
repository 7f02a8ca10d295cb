/**
 * A file that grows under a temporary name beside its target.
 *
 * @module
 */
import { messageOf, RasterError } from "../../core/errors.ts";
import { NotRegularFileError, openRegularFile } from "../../core/regular_file.ts";
import { writeError } from "./write_error.ts";

/** The name under which an output grows. */
export function partPath(path: string): string {
  return `${path}.part`;
}

/** The error of an output whose blocks of an earlier run are gone. */
export function missingPartError(target: string): RasterError {
  return new RasterError(
    `Cannot go on with '${target}': its part file '${partPath(target)}' is not there; ` +
      `use --restart (restart: true) to begin anew`,
  );
}

/**
 * The part file of one output, in the hands of one writer. Writing is synchronous: Deno's asynchronous writes take
 * three to six times as long for a tile. Errors name the target.
 */
export class PartFile {
  /** The final path. */
  readonly target: string;
  /** The path now. */
  readonly path: string;
  readonly #device: number;
  readonly #inode: number | null;
  #file: Deno.FsFile | undefined;
  #byteLength = 0;
  #failure: RasterError | undefined;
  #gone = false;
  #isComplete = false;

  private constructor(target: string, file: Deno.FsFile) {
    this.target = target;
    this.path = partPath(target);
    const { dev, ino, size } = file.statSync();
    this.#device = dev;
    this.#inode = ino;
    this.#byteLength = size;
    this.#file = file;
  }

  /**
   * Creates the part file of `target`.
   *
   * @throws {RasterError} if there is one already, or if it can't be created.
   */
  static create(target: string): PartFile {
    try {
      return new PartFile(target, Deno.openSync(partPath(target), { write: true, createNew: true }));
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) {
        const message = `Cannot write '${target}': '${partPath(target)}' is in the way; ` +
          `another run writes it, or one left it behind: remove it if none does`;
        throw new RasterError(message, { cause: error });
      }
      throw writeError(target, error);
    }
  }

  /**
   * Opens the part file that an earlier run of `target` left, as it is.
   *
   * @returns undefined if there is none.
   * @throws {RasterError} if it can't be opened, or is no regular file of one name.
   */
  static reopen(target: string): PartFile | undefined {
    try {
      return new PartFile(target, openRegularFile(partPath(target), { write: true }));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof NotRegularFileError) {
        throw new RasterError(
          `Cannot go on with '${target}': its part file '${
            partPath(target)
          }' is not ours: ${error.message}. Look who ` +
            `put it there, then use --restart (restart: true) to begin anew`,
          { cause: error },
        );
      }
      throw writeError(target, error, `'${partPath(target)}' could not be opened`);
    }
  }

  /** The file's length so far, bytes: where the next append goes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * Writes at the end and returns where that was.
   *
   * @throws {RasterError} if it can't; what was written of it is then of no use, and neither is the file.
   */
  append(bytes: Uint8Array): number {
    const offset = this.#byteLength;
    this.#write(bytes);
    this.#byteLength += bytes.byteLength;
    return offset;
  }

  /**
   * Writes over the first bytes of the file, which must be there.
   *
   * @throws {RasterError} if it can't.
   */
  overwriteStart(bytes: Uint8Array): void {
    this.#seek(0);
    this.#write(bytes);
    this.#seek(this.#byteLength);
  }

  /**
   * Fills `into` with the bytes from `offset` on, of a file that was reopened.
   *
   * @returns false if the file is too short.
   * @throws {RasterError} if it can't be read.
   */
  readInto(offset: number, into: Uint8Array): boolean {
    if (offset + into.byteLength > this.#byteLength) return false;
    this.#seek(offset);
    try {
      for (let filled = 0; filled < into.byteLength;) {
        const count = this.#open().readSync(into.subarray(filled));
        if (count === null) return false;
        filled += count;
      }
      return true;
    } catch (error) {
      throw new RasterError(`Cannot read '${this.path}': ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * Cuts the file off, so that the next append goes to `byteLength`; one that is shorter is filled up with zeros.
   *
   * @throws {RasterError} if it can't.
   */
  truncate(byteLength: number): void {
    try {
      this.#open().truncateSync(byteLength);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#byteLength = byteLength;
    this.#seek(byteLength);
  }

  /**
   * Waits until the device has what was written before; `syncAndClose()` has waited. Writing may go on meanwhile.
   *
   * @throws {RasterError} if the device refuses: some report a full disk only now.
   */
  async sync(): Promise<void> {
    if (this.#isComplete) return;
    try {
      await this.#open().syncData();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /**
   * Waits until the device has it all, and closes the file.
   *
   * @throws {RasterError} if the device refuses: some report a full disk only now.
   */
  syncAndClose(): void {
    const file = this.#open();
    try {
      file.syncSync();
    } catch (error) {
      throw this.#fail(error);
    }
    this.#isComplete = true;
    this.#close();
  }

  /** Whether the part's name still stands for this file: a run that took over may have put its own there. */
  isInPlace(): boolean {
    return !this.#gone && this.#isAt(this.path);
  }

  /** Whether somebody else has taken the file away, or put another in its place. */
  isLost(): boolean {
    return !this.#gone && !this.#isAt(this.path);
  }

  /**
   * Gives the closed file its final name, in place of whatever file has it.
   *
   * @throws {RasterError} if the part is no longer this one or no longer as long as it was, or the rename fails.
   */
  renameToTarget(): void {
    const there = this.#gone ? undefined : this.#lookAt(this.path);
    if (!there) {
      throw new RasterError(`Cannot write '${this.target}': its part file '${this.path}' was taken away`);
    }
    if (there.size !== this.#byteLength) {
      throw new RasterError(
        `Cannot write '${this.target}': its part file '${this.path}' has ${there.size} bytes instead of ` +
          `${this.#byteLength}: something else wrote into it. Use --restart (restart: true) to begin anew`,
      );
    }
    try {
      Deno.renameSync(this.path, this.target);
    } catch (error) {
      // A rename that a network file system sent twice has worked the first time.
      if (!this.#isAt(this.target)) throw writeError(this.target, error);
    }
    this.#gone = true;
  }

  /** Closes the file and leaves it where it is. Idempotent. */
  leave(): void {
    this.#close();
    this.#gone = true;
  }

  /** Closes and removes the file, unless it has its final name or is no longer this one. Idempotent. */
  remove(): void {
    const inPlace = this.isInPlace();
    this.#close();
    this.#gone = true;
    if (inPlace) Deno.removeSync(this.path);
  }

  #isAt(path: string): boolean {
    return this.#lookAt(path) !== undefined;
  }

  /** What the system says of this file if it is at `path`. */
  #lookAt(path: string): Deno.FileInfo | undefined {
    try {
      const there = Deno.lstatSync(path);
      return there.dev === this.#device && there.ino === this.#inode ? there : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw writeError(this.target, error);
    }
  }

  #seek(offset: number): void {
    try {
      this.#open().seekSync(offset, Deno.SeekMode.Start);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #write(bytes: Uint8Array): void {
    const file = this.#open();
    let written = 0;
    try {
      while (written < bytes.byteLength) written += file.writeSync(bytes.subarray(written));
    } catch (error) {
      throw this.#fail(
        error,
        `needed ${bytes.byteLength - written} bytes more, after ${this.#byteLength + written} were written`,
      );
    }
  }

  /** After a failed write the place in the file is unknown, so that all later ones fail likewise. */
  #fail(cause: unknown, detail?: string): RasterError {
    this.#failure = writeError(this.target, cause, detail);
    return this.#failure;
  }

  #open(): Deno.FsFile {
    if (this.#failure) throw this.#failure;
    if (!this.#file) throw new RasterError(`Cannot write '${this.target}': its part file is closed`);
    return this.#file;
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
