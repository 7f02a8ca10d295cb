/**
 * A file of records that only grows, written so that a torn end can be told from damage.
 *
 * @module
 */
import { BlockfleetError } from "../errors.ts";
import { openRegularFile } from "../regular_file.ts";
import { crc32c } from "./crc32c.ts";
import { encodeHead, HEAD_BYTES, MAX_BODY_BYTES } from "./record_frame.ts";

/**
 * The writing end of a record file. Its errors are those of the operating system: whoever owns the file puts them in
 * words.
 */
export class RecordFile implements Disposable {
  /** Its path. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  #byteLength: number;
  #syncedBytes: number;
  #isOpen = true;

  private constructor(path: string, file: Deno.FsFile, byteLength: number) {
    this.path = path;
    this.#file = file;
    this.#byteLength = byteLength;
    this.#syncedBytes = byteLength;
  }

  /**
   * Creates a file that is not there yet.
   *
   * @throws {Deno.errors.AlreadyExists} if it is.
   */
  static create(path: string): RecordFile {
    return new RecordFile(path, Deno.openSync(path, { write: true, createNew: true }), 0);
  }

  /**
   * Opens a file to go on after its first `byteLength` bytes; cuts off what lies behind, for good.
   *
   * @throws {NotRegularFileError} if something else stands at its place.
   */
  static reopen(path: string, byteLength: number): RecordFile {
    const file = openRegularFile(path, { write: true });
    try {
      file.truncateSync(byteLength);
      file.seekSync(byteLength, Deno.SeekMode.Start);
      file.syncSync();
    } catch (error) {
      file.close();
      throw error;
    }
    return new RecordFile(path, file, byteLength);
  }

  /** Its length, bytes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * Writes records at the end, in one go. They are safe after the next {@linkcode RecordFile.sync}.
   *
   * @param bodies each a payload as `payloadToBytes()` makes it.
   * @throws {BlockfleetError} if one is over 1 GiB; then none is written.
   */
  append(bodies: Iterable<Uint8Array<ArrayBuffer>>): void {
    const pieces: Uint8Array[] = [];
    let end = this.#byteLength;
    for (const body of bodies) {
      if (body.byteLength > MAX_BODY_BYTES) {
        throw new BlockfleetError(
          `A record of ${body.byteLength} bytes is too long for the journal '${this.path}': make otherArgs smaller`,
        );
      }
      const head = {
        bodyBytes: body.byteLength,
        bodyCrc: crc32c(body),
        syncedBytes: this.#syncedBytes,
      };
      pieces.push(encodeHead(head, end), body);
      end += HEAD_BYTES + body.byteLength;
    }
    const bytes = new Uint8Array(end - this.#byteLength);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.byteLength;
    }
    for (let written = 0; written < bytes.byteLength;) {
      written += this.#file.writeSync(bytes.subarray(written));
    }
    this.#byteLength = end;
  }

  /** Waits until the device has all that was written. */
  async sync(): Promise<void> {
    const { byteLength } = this;
    await this.#file.syncData();
    this.#syncedBytes = byteLength;
  }

  /** Closes the file; it stays as it is. Idempotent. */
  close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
