/**
 * The end of a text that comes in pieces.
 *
 * @module
 */

const KEPT_CHARACTERS = 8 << 10;

/** Keeps the last characters of what is written to it: the end of a log is what explains a failure. */
export class TextTail {
  #text = "";

  /** What was kept. */
  get text(): string {
    return this.#text;
  }

  /** Takes UTF-8 bytes. */
  writable(): WritableStream<Uint8Array> {
    const decoder = new TextDecoder();
    return new WritableStream({
      write: (bytes) => {
        this.#text = (this.#text + decoder.decode(bytes, { stream: true })).slice(-KEPT_CHARACTERS);
      },
    });
  }
}
