/**
 * From a tile's bytes in the file to its pixels.
 *
 * @module
 */
import { messageOf, RasterError } from "../../core/errors.ts";
import { DATA_TYPES } from "../data_type.ts";
import { swapBytes } from "./byte_order.ts";
import type { ChunkDecoder } from "./codecs/chunk_decoder.ts";
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
    const { tileWidth, tileHeight, samples } = this.#layout;
    const { rows, byteLength } = tileSize(this.#layout, place.tileRow);
    const shape = { width: tileWidth, rows, maxRows: tileHeight, samples, byteLength };
    const bytes = this.#guard(place, () => this.#decoder.decode(encoded, shape));
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
    if (this.#decoder.decodeInto === undefined || (out === undefined && byteLength > SCRATCH_BYTES)) {
      return this.decode(encoded, place);
    }
    const bytes = out ?? this.#scratchOf(byteLength);
    const written = this.#guard(place, () => this.#decoder.decodeInto!(encoded, bytes));
    this.#checkLength(place, written, byteLength);
    return this.#finish(bytes, rows);
  }

  /** Undoes byte order and predictor in place. */
  #finish(bytes: Uint8Array<ArrayBuffer>, rows: number): Uint8Array<ArrayBuffer> {
    const { tileWidth, samples, predictor } = this.#layout;
    const sampleBytes = this.#sampleBytes;
    if (this.#swap) swapBytes(bytes, sampleBytes);
    const predicted = { rowSamples: tileWidth * samples, rows, samples, sampleBytes };
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
      throw this.#damaged(place, messageOf(cause), cause);
    }
  }

  #checkLength(place: TilePlace, length: number, needed: number): void {
    if (length < needed) throw this.#damaged(place, `it holds only ${length} of ${needed} bytes`);
  }

  #damaged(place: TilePlace, reason: string, cause?: unknown): RasterError {
    return new RasterError(
      `${
        tileName(this.#layout, place)
      } of '${this.#name}' can't be decoded: ${reason}; get a good copy of the file`,
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
