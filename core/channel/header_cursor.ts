/**
 * Takes a decoded header apart, entry by entry, and trusts none of them.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import type { Payload } from "../payload.ts";

/** Reads a flat header from its beginning to its end. Each method takes what it needs, or throws a ProtocolError. */
export class HeaderCursor {
  readonly #entries: readonly unknown[];
  readonly #parts: readonly Uint8Array<ArrayBuffer>[];
  #at = 0;
  #partAt = 0;

  /**
   * A cursor before the first entry.
   *
   * @param header a list, to be of any use.
   * @param parts the message's parts, which its payloads take one after another.
   */
  constructor(header: unknown, parts: readonly Uint8Array<ArrayBuffer>[]) {
    if (!Array.isArray(header)) throw new ProtocolError("The peer sent a header that is no list");
    this.#entries = header;
    this.#parts = parts;
  }

  /** Whether all entries are taken. */
  get atEnd(): boolean {
    return this.#at >= this.#entries.length;
  }

  /** A whole number of at least 0. */
  count(): number {
    return checkedCount(this.#entry());
  }

  /** A list of whole numbers of at least 0. */
  counts(): number[] {
    return this.#list().map(checkedCount);
  }

  /** A number of at least 0. */
  amount(): number {
    return checkedAmount(this.#entry());
  }

  /** A list of numbers of at least 0. */
  amounts(): number[] {
    return this.#list().map(checkedAmount);
  }

  /** A text. */
  text(): string {
    const entry = this.#entry();
    if (typeof entry !== "string") {
      throw new ProtocolError("The peer sent something else where a text is due");
    }
    return entry;
  }

  /** A payload: a header, and the number of its parts. */
  payload(): Payload {
    const payload = this.optionalPayload();
    if (!payload) throw new ProtocolError("The peer left a payload out");
    return payload;
  }

  /** A payload, or undefined if the number of its parts is -1. */
  optionalPayload(): Payload | undefined {
    const header = this.#entry();
    const entry = this.#entry();
    if (entry === -1) return undefined;
    const end = this.#partAt + checkedCount(entry);
    if (end > this.#parts.length) throw new ProtocolError("The peer sent fewer parts than it says");
    const parts = this.#parts.slice(this.#partAt, end);
    this.#partAt = end;
    return { header, parts };
  }

  #entry(): unknown {
    if (this.atEnd) throw new ProtocolError("The peer sent a header that is cut off");
    return this.#entries[this.#at++];
  }

  #list(): unknown[] {
    const entry = this.#entry();
    if (!Array.isArray(entry)) throw new ProtocolError("The peer sent something else where a list is due");
    return entry;
  }
}

function checkedCount(entry: unknown): number {
  if (typeof entry !== "number" || !Number.isSafeInteger(entry) || entry < 0) {
    throw new ProtocolError("The peer sent something else where a count is due");
  }
  return entry;
}

function checkedAmount(entry: unknown): number {
  if (typeof entry !== "number" || !(entry >= 0)) {
    throw new ProtocolError("The peer sent something else where an amount is due");
  }
  return entry;
}
