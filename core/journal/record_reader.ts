/**
 * Reading a record file back: all whole records, then whether the end is torn.
 *
 * @module
 */
import { BlockfleetError, ProtocolError } from "../errors.ts";
import type { Payload } from "../payload.ts";
import { openRegularFile } from "../regular_file.ts";
import { crc32c } from "./crc32c.ts";
import { payloadFromBytes } from "./payload_bytes.ts";
import { decodeHead, HEAD_BYTES, MAGIC_BYTES, MAX_BODY_BYTES } from "./record_frame.ts";

/** A record file holds a bad record before good ones: not a torn end, but damage. */
export class RecordDamageError extends BlockfleetError {}

/** One record. */
export interface ReadRecord {
  /** Where it begins, bytes from the start of the file. */
  readonly offset: number;
  /** What it holds. */
  readonly payload: Payload;
}

const WINDOW_BYTES = 1 << 20;

/** The reading end of a record file. */
export class RecordReader implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #byteLength: number;
  /** A piece of the file, from `#windowOffset` on. */
  #window = new Uint8Array(0);
  #windowOffset = 0;
  #goodBytes = 0;

  /** Opens the file as it is now. Errors are the operating system's. */
  constructor(path: string) {
    this.#file = openRegularFile(path);
    this.#byteLength = this.#file.statSync().size;
  }

  /** After all records: how much of the file they fill. */
  get goodBytes(): number {
    return this.#goodBytes;
  }

  /** After all records: the bytes behind them, of a group of records that was being written when the end came. */
  get tornBytes(): number {
    return this.#byteLength - this.#goodBytes;
  }

  /**
   * All whole records, from the first on. They end at the end of the file or where a torn write begins: the last group,
   * whose loss no one was promised to be spared.
   *
   * @throws {RecordDamageError} if a bad record lies before one that was written when the bad one was safe on the disk.
   */
  *records(): Generator<ReadRecord, void, void> {
    let offset = 0;
    while (offset < this.#byteLength) {
      const body = this.#body(offset);
      if (!body) {
        this.#requireTorn(offset);
        break;
      }
      const next = offset + HEAD_BYTES + body.byteLength;
      this.#goodBytes = next;
      yield { offset, payload: this.#decode(body, offset) };
      offset = next;
    }
    this.#goodBytes = offset;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** The body of the record at `offset`, the caller's own; undefined if it is not whole. */
  #body(offset: number): Uint8Array<ArrayBuffer> | undefined {
    if (offset + HEAD_BYTES > this.#byteLength) return undefined;
    const head = decodeHead(this.#bytes(offset, HEAD_BYTES), offset);
    if (!head) return undefined;
    const { bodyBytes, bodyCrc } = head;
    // Checked against the file's length before anything is allocated by it.
    if (bodyBytes > MAX_BODY_BYTES || offset + HEAD_BYTES + bodyBytes > this.#byteLength) return undefined;
    const body = this.#bytes(offset + HEAD_BYTES, bodyBytes).slice();
    return crc32c(body) === bodyCrc ? body : undefined;
  }

  #decode(body: Uint8Array<ArrayBuffer>, offset: number): Payload {
    try {
      return payloadFromBytes(body);
    } catch (error) {
      if (error instanceof ProtocolError || error instanceof TypeError) {
        throw new RecordDamageError(`its record at byte ${offset} can't be read`, { cause: error });
      }
      throw error;
    }
  }

  #requireTorn(bad: number): void {
    if (bad === 0 && !mayBeginRecord(this.#bytes(0, Math.min(MAGIC_BYTES.byteLength, this.#byteLength)))) {
      throw new RecordDamageError("it does not begin as a journal does");
    }
    for (let at = bad; at + HEAD_BYTES <= this.#byteLength;) {
      const window = this.#bytes(at, Math.min(WINDOW_BYTES, this.#byteLength - at));
      const last = window.byteLength - HEAD_BYTES;
      for (let i = window.indexOf(MAGIC_BYTES[0]!); i >= 0 && i <= last;) {
        const head = decodeHead(window.subarray(i), at + i);
        if (head && head.syncedBytes > bad) {
          throw new RecordDamageError(`its record at byte ${bad} is damaged, and good ones lie behind it`);
        }
        i = window.indexOf(MAGIC_BYTES[0]!, i + 1);
      }
      // A head may begin in this window and end in the next.
      at += last + 1;
    }
  }

  /** Bytes of the file, as a view that is good until the next call. */
  #bytes(offset: number, byteLength: number): Uint8Array<ArrayBuffer> {
    const end = this.#windowOffset + this.#window.byteLength;
    if (offset < this.#windowOffset || offset + byteLength > end) {
      const wanted = Math.min(Math.max(byteLength, WINDOW_BYTES), this.#byteLength - offset);
      const window = new Uint8Array(wanted);
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < wanted) {
        const count = this.#file.readSync(window.subarray(filled));
        if (count === null) throw new RecordDamageError("it became shorter while it was read");
        filled += count;
      }
      this.#window = window;
      this.#windowOffset = offset;
    }
    const from = offset - this.#windowOffset;
    return this.#window.subarray(from, from + byteLength);
  }
}

/** Whether these may be the first bytes of a file of which not even the first record was written whole. */
function mayBeginRecord(bytes: Uint8Array): boolean {
  // After a power cut a file may be longer than what was written of it.
  return bytes.every((byte, index) => byte === MAGIC_BYTES[index]) || bytes.every((byte) => byte === 0);
}
