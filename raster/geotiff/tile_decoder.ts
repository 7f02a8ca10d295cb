/**
 * From a tile's bytes in the file to its pixels.
 *
 * @module
 */
import { messageOf, RasterError } from "../../core/errors.ts";
import { DATA_TYPES } from "../data_type.ts";
import { swapBytes } from "./byte_order.ts";
import type { ChunkDecoder, ChunkStream } from "./codecs/chunk_decoder.ts";
import { UnsupportedData } from "./codecs/unsupported_data.ts";
import { NotReady } from "./codecs/not_ready.ts";
import type { ImageLayout } from "./image_layout.ts";
import { undoFloatingPoint, undoHorizontal } from "./predictor_decode.ts";
import { tileSize } from "./tile_index.ts";

/** The greatest tile for which memory is kept between tiles. */
const SCRATCH_BYTES = 4 << 20;

/** One tile or strip of an image. */
export interface TilePlace {
  /** Its number: plane by plane, row by row. */
  readonly index: number;
  /** Its column among the tiles. */
  readonly tileColumn: number;
  /** Its row among the tiles. */
  readonly tileRow: number;
}

/** Decodes the tiles of one image. */
export class TileDecoder {
  readonly #name: string;
  readonly #layout: ImageLayout;
  readonly #decoder: ChunkDecoder;
  readonly #swap: boolean;
  readonly #sampleBytes: number;
  #scratch: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /** A decoder of the tiles that `decoder` decompresses. */
  constructor(decoder: ChunkDecoder, image: { name: string; layout: ImageLayout; littleEndian: boolean }) {
    this.#decoder = decoder;
    this.#name = image.name;
    this.#layout = image.layout;
    this.#sampleBytes = DATA_TYPES[image.layout.dataType].bytes;
    // Predictor 3 is the same in both byte orders.
    this.#swap = !image.littleEndian && !decoder.nativeOrder && image.layout.predictor !== 3;
  }

  /**
   * The tile's samples, in this machine's byte order, at an aligned offset, in an array of their own.
   *
   * @throws {RasterError} that names the tile, if its data is damaged.
   */
  decode(encoded: Uint8Array<ArrayBuffer>, place: TilePlace): Uint8Array<ArrayBuffer> {
    return this.#decodeWhole(encoded, place, (encoded, shape) => this.#decoder.decode(encoded, shape));
  }

  #decodeWhole(
    encoded: Uint8Array<ArrayBuffer>,
    place: TilePlace,
    decode: ChunkDecoder["decode"],
  ): Uint8Array<ArrayBuffer> {
    const { tileWidth, tileHeight, samples } = this.#layout;
    const { rows, byteLength } = tileSize(this.#layout, place.tileRow);
    const shape = { width: tileWidth, rows, maxRows: tileHeight, samples, byteLength };
    const bytes = this.#guard(place, () => decode(encoded, shape));
    this.#checkLength(place, bytes.length, byteLength);
    const aligned = bytes.byteOffset % this.#sampleBytes === 0;
    return this.#finish(aligned ? bytes.subarray(0, byteLength) : bytes.slice(0, byteLength), rows);
  }

  /**
   * As {@linkcode decode}, but into `out` if it is given, and else into an array that the next call may use again:
   * for tiles that are copied at once.
   *
   * @throws {RasterError} that names the tile, if its data is damaged.
   */
  decodeOnce(
    encoded: Uint8Array<ArrayBuffer>,
    place: TilePlace,
    out: Uint8Array<ArrayBuffer> | undefined,
  ): Uint8Array<ArrayBuffer> {
    const { rows, byteLength } = tileSize(this.#layout, place.tileRow);
    const shared = this.#decoder.decodeShared;
    if (shared !== undefined) return this.#decodeWhole(encoded, place, shared);
    if (this.#decoder.decodeInto === undefined || (out === undefined && byteLength > SCRATCH_BYTES)) {
      return this.decode(encoded, place);
    }
    const bytes = out ?? this.#scratchOf(byteLength);
    const written = this.#guard(place, () => this.#decoder.decodeInto!(encoded, bytes));
    this.#checkLength(place, written, byteLength);
    return this.#finish(bytes, rows);
  }

  /**
   * As {@linkcode decodeOnce}, but at least the first `rows` rows, of the last one at least `lastCols` columns; `out` has
   * room for just so many whole rows. A decoder that can stop there does.
   *
   * @throws {RasterError} that names the tile, if its data is damaged.
   */
  decodeStart(
    encoded: Uint8Array<ArrayBuffer>,
    place: TilePlace,
    { rows, lastCols, out }: {
      readonly rows: number;
      readonly lastCols: number;
      readonly out: Uint8Array<ArrayBuffer> | undefined;
    },
  ): Uint8Array<ArrayBuffer> {
    const { tileWidth, samples, predictor } = this.#layout;
    const size = tileSize(this.#layout, place.tileRow);
    // Predictor 3 spreads each sample over the whole row.
    const cols = predictor === 3 ? tileWidth : lastCols;
    const needed = ((rows - 1) * tileWidth + cols) * samples * this.#sampleBytes;
    const isWhole = rows === size.rows && cols === tileWidth;
    if (isWhole || this.#decoder.decodeShared) return this.decodeOnce(encoded, place, out);
    if (this.#decoder.decodeInto === undefined || (out === undefined && needed > SCRATCH_BYTES)) {
      return this.decode(encoded, place);
    }
    const bytes = out?.subarray(0, needed) ?? this.#scratchOf(needed);
    const written = this.#guard(place, () => this.#decoder.decodeInto!(encoded, bytes));
    this.#checkLength(place, written, needed);
    const wholeRows = (rows - 1) * tileWidth * samples * this.#sampleBytes;
    this.#finish(bytes.subarray(0, wholeRows), rows - 1);
    this.#finish(bytes.subarray(wholeRows), 1, cols);
    return out ?? bytes;
  }

  /** Whether tiles can be decoded piece by piece. */
  get canStream(): boolean {
    return this.#decoder.openStream !== undefined;
  }

  /**
   * Begins to decode a tile of so many bytes in the file piece by piece.
   *
   * @throws {RasterError} that names the tile, if its codec can't do that.
   */
  openStream(place: TilePlace, encodedBytes: number): ChunkStream {
    const { byteLength } = tileSize(this.#layout, place.tileRow);
    return this.#guard(place, () => {
      if (this.#decoder.openStream !== undefined) return this.#decoder.openStream(encodedBytes, byteLength);
      throw new Error("its codec decodes it only as a whole");
    });
  }

  /**
   * Decodes on, as {@linkcode ChunkStream.decode} does.
   *
   * @throws {RasterError} that names the tile, if its data is damaged.
   */
  decodeOn(
    stream: ChunkStream,
    place: TilePlace,
    pieces: { readonly input: Uint8Array<ArrayBuffer>; readonly out: Uint8Array<ArrayBuffer> },
  ): { readonly taken: number; readonly written: number } {
    return this.#guard(place, () => stream.decode(pieces.input, pieces.out));
  }

  /** Undoes byte order and predictor of whole rows that a stream gave, in place. */
  finishRows(bytes: Uint8Array<ArrayBuffer>, rows: number): Uint8Array<ArrayBuffer> {
    return this.#finish(bytes, rows);
  }

  /** The error of a tile that ends after `length` bytes. */
  tooShort(place: TilePlace, length: number): RasterError {
    const { byteLength } = tileSize(this.#layout, place.tileRow);
    return this.#damaged(place, `it holds only ${length} of ${byteLength} bytes`);
  }

  /** Undoes byte order and predictor in place. */
  #finish(
    bytes: Uint8Array<ArrayBuffer>,
    rows: number,
    cols: number = this.#layout.tileWidth,
  ): Uint8Array<ArrayBuffer> {
    const { samples, predictor } = this.#layout;
    const sampleBytes = this.#sampleBytes;
    if (this.#swap) swapBytes(bytes, sampleBytes);
    const predicted = { rowSamples: cols * samples, rows, samples, sampleBytes };
    if (predictor === 2) undoHorizontal(bytes, predicted);
    else if (predictor === 3) undoFloatingPoint(bytes, predicted);
    return bytes;
  }

  #scratchOf(byteLength: number): Uint8Array<ArrayBuffer> {
    if (this.#scratch.length < byteLength) this.#scratch = new Uint8Array(byteLength);
    return this.#scratch.subarray(0, byteLength);
  }

  #guard<T>(place: TilePlace, decode: () => T): T {
    try {
      return decode();
    } catch (cause) {
      if (cause instanceof NotReady) throw cause;
      throw this.#damaged(place, messageOf(cause), cause);
    }
  }

  #checkLength(place: TilePlace, length: number, needed: number): void {
    if (length < needed) throw this.#damaged(place, `it holds only ${length} of ${needed} bytes`);
  }

  #damaged(place: TilePlace, reason: string, cause?: unknown): RasterError {
    const advice = cause instanceof UnsupportedData ? "" : "; get a good copy of the file";
    return new RasterError(
      `${tileName(this.#layout, place)} of '${this.#name}' can't be decoded: ${reason}${advice}`,
      { cause },
    );
  }
}

/** A tile for messages: `Tile (2, 5)` as column and row, or `Strip 7`; with the band where each has its own. */
export function tileName(layout: ImageLayout, place: TilePlace): string {
  const { tileColumn, tileRow, index } = place;
  const plane = Math.floor(index / (layout.tilesAcross * layout.tilesDown));
  const band = layout.planes > 1 ? ` of band ${plane + 1}` : "";
  return layout.tiled ? `Tile (${tileColumn}, ${tileRow})${band}` : `Strip ${tileRow}${band}`;
}
