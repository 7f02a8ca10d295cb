/**
 * A strip that is decoded a few rows at a time: GDAL makes an image one single strip if it is told to.
 *
 * @module
 */
import { DATA_TYPES } from "../data_type.ts";
import type { ByteSource } from "../source/byte_source.ts";
import type { ChunkStream } from "./codecs/chunk_decoder.ts";
import type { ImageLayout } from "./image_layout.ts";
import type { StripBytes } from "./strip_bands.ts";
import type { TileDecoder, TilePlace } from "./tile_decoder.ts";

/** Encoded bytes that are read at a time. */
const INPUT_BYTES = 256 << 10;
/** Rows are decoded and handed on in parts of about this size. */
const PART_BYTES = 256 << 10;

/** The strip. */
export interface StripStreamOptions {
  /** The file. */
  readonly source: ByteSource;
  /** Decodes it. */
  readonly decoder: TileDecoder;
  /** The image. */
  readonly layout: ImageLayout;
  /** Which strip of the image it is. */
  readonly place: TilePlace;
  /** Where its bytes are. */
  readonly bytes: StripBytes;
}

/** Goes through the rows of a strip, forwards only. */
export class StripStream {
  /** The strip's number. */
  readonly index: number;
  readonly #options: StripStreamOptions;
  readonly #stream: ChunkStream;
  readonly #rowBytes: number;
  readonly #part: Uint8Array<ArrayBuffer>;
  #input: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #inputAt = 0;
  #nextRow = 0;

  constructor(options: StripStreamOptions) {
    const { decoder, layout, place } = options;
    this.#options = options;
    this.index = place.index;
    this.#stream = decoder.openStream(place, options.bytes.byteLength);
    this.#rowBytes = layout.width * layout.samples * DATA_TYPES[layout.dataType].bytes;
    this.#part = new Uint8Array(Math.max(1, Math.floor(PART_BYTES / this.#rowBytes)) * this.#rowBytes);
  }

  /** The row of the strip that comes next. */
  get nextRow(): number {
    return this.#nextRow;
  }

  /**
   * Gives `rows` rows from `first` on, which is not before {@linkcode nextRow}, in parts: their pixels, which are there until
   * `use` returns, the first one's row in the strip, and how many rows they are.
   *
   * @throws {RasterError} if they can't be read or decoded.
   */
  async read(
    first: number,
    rows: number,
    use: (pixels: Uint8Array<ArrayBuffer>, row: number, count: number) => void,
  ): Promise<void> {
    const partRows = this.#part.length / this.#rowBytes;
    while (this.#nextRow < first + rows) {
      const isWanted = this.#nextRow >= first;
      const count = Math.min(partRows, (isWanted ? first + rows : first) - this.#nextRow);
      const bytes = this.#part.subarray(0, count * this.#rowBytes);
      await this.#decode(bytes);
      if (isWanted) use(this.#options.decoder.finishRows(bytes, count), this.#nextRow, count);
      this.#nextRow += count;
    }
  }

  async #decode(out: Uint8Array<ArrayBuffer>): Promise<void> {
    const { decoder, place } = this.#options;
    for (let filled = 0; filled < out.length;) {
      if (this.#input.length === 0) {
        const more = this.#nextInput();
        this.#input = more instanceof Promise ? await more : more;
      }
      const { taken, written } = decoder.decodeOn(this.#stream, place, {
        input: this.#input,
        out: out.subarray(filled),
      });
      filled += written;
      if (taken === 0 && written === 0) {
        const before = this.#nextRow * this.#rowBytes;
        throw decoder.tooShort(place, before + filled);
      }
      this.#input = this.#input.subarray(taken);
    }
  }

  #nextInput(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    const { source, bytes } = this.#options;
    const byteLength = Math.min(INPUT_BYTES, bytes.byteLength - this.#inputAt);
    const offset = bytes.offset + this.#inputAt;
    this.#inputAt += byteLength;
    return byteLength === 0 ? new Uint8Array(0) : source.read(offset, byteLength);
  }
}
