/**
 * The open files of a thread that reads, at most so many at a time, so that a mosaic of thousands and a year of dates run
 * within the limit of open files.
 *
 * @module
 */
import { errorCode } from "../../core/errors.ts";

/** An open file costs little; what is not used for a while is closed and opened again when it is read. */
export class FileHandles {
  /** By their owners; the one that was used last comes last. */
  readonly #open = new Map<object, Deno.FsFile>();
  #most: number;

  /**
   * No file is open yet.
   *
   * @param most files that are kept open, at least 1. Default no limit.
   */
  constructor(most = Infinity) {
    this.#most = Math.max(1, most);
  }

  /** How many files are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * The open file of `owner`, to be used before the next call.
   *
   * @param open opens it, if it is not.
   * @throws what `open` throws; at the system's limit of open files only if there is none left to close.
   */
  get(owner: object, open: () => Deno.FsFile): Deno.FsFile {
    const known = this.#open.get(owner);
    if (known !== undefined) {
      if (this.#most < Infinity) this.#keep(owner, known);
      return known;
    }
    while (this.#open.size >= this.#most) this.#closeOldest();
    const file = this.#openAtLimit(open);
    this.#open.set(owner, file);
    return file;
  }

  /** Closes the file of `owner`, if it is open. */
  close(owner: object): void {
    this.#open.get(owner)?.close();
    this.#open.delete(owner);
  }

  #openAtLimit(open: () => Deno.FsFile): Deno.FsFile {
    while (true) {
      try {
        return open();
      } catch (error) {
        const code = errorCode(error);
        if (code !== "EMFILE" && code !== "ENFILE" || this.#open.size === 0) throw error;
        // The limit is lower than was thought, or others of this process hold many: from now on with half as many.
        this.#most = Math.max(1, Math.floor(this.#open.size / 2));
        while (this.#open.size >= this.#most && this.#open.size > 0) this.#closeOldest();
      }
    }
  }

  #keep(owner: object, file: Deno.FsFile): void {
    this.#open.delete(owner);
    this.#open.set(owner, file);
  }

  #closeOldest(): void {
    for (const owner of this.#open.keys()) return this.close(owner);
  }
}
