/**
 * Writing a GeoTIFF: encoded tiles in any order, the directory at the end.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import type { ApplierBlockDefn } from "../block_defn.ts";
import type { DataType } from "../data_type.ts";
import { PartFile } from "../output/part_file.ts";
import type { GeoKeys, GeoTransform } from "../raster_info.ts";
import { beyondClassic, CLASSIC_LIMIT, classicLength, type OutputPixelFormat } from "./big_tiff.ts";
import type { MetadataItem } from "./gdal_metadata_encode.ts";
import { encodeHeader, HEADER_BYTES } from "./ifd_writer.ts";
import { nodataText } from "./nodata_text.ts";
import { encodeDirectory } from "./output_directory.ts";
import { checkFormat, type OutputLayout, planeCount, tileGrid, tileSpan } from "./output_layout.ts";
import type { EncodedTiles } from "./tile_encoder.ts";

/** What is known of an output before its first block. */
export interface GeoTiffSpec {
  /** How its pixels lie, and its nodata value. */
  readonly layout: OutputLayout;
  /** Where they lie on the ground, from the outer corner of the first pixel; null for nowhere. */
  readonly geotransform: GeoTransform | null;
  /** The coordinate system; null for none. */
  readonly geoKeys: GeoKeys | null;
  /** Band names, from the first band on; "" for none. Default none. */
  readonly bandNames?: readonly string[];
}

/** Where the tiles of a block went: one after another from `offset` on, in the order of {@linkcode EncodedTiles}. */
export interface TilePlacement {
  /** The block. */
  readonly block: ApplierBlockDefn;
  /** Where its first tile begins, bytes from the start of the file. */
  readonly offset: number;
  /** The bytes of each tile; 0 is a tile that is left out. */
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/**
 * The first bytes of a part file of which a journal tells, as long as a header. So no one takes it for worthless who
 * knows nothing of the journal: it may stand beside another output.
 */
export const PART_MARK: Uint8Array<ArrayBuffer> = new TextEncoder().encode("blockfleet part\n");

/** What is known from the first block on, and the index of all tiles: offset -1 is a tile that is not written yet. */
interface FixedFormat extends OutputPixelFormat {
  readonly offsets: Float64Array;
  readonly byteCounts: Uint32Array;
}

/** More tiles than this take too much memory for their index. */
const MAX_TILES = 2 ** 27;

/**
 * Writes one output under its part name. It works on whole tiles as the workers encoded them and never looks at a
 * pixel. The header comes last: until `finish()` the file does not look like a TIFF.
 */
export class GeoTiffWriter implements Disposable {
  readonly #spec: GeoTiffSpec;
  readonly #part: PartFile;
  #format: FixedFormat | undefined;
  #tilesLeft = 0;

  private constructor(part: PartFile, spec: GeoTiffSpec) {
    this.#part = part;
    this.#spec = spec;
  }

  /**
   * Creates the part file of the output `path`.
   *
   * @throws {RasterError} if there is one already, or if it can't be created.
   */
  static create(path: string, spec: GeoTiffSpec): GeoTiffWriter {
    const part = PartFile.create(path);
    try {
      part.append(new Uint8Array(HEADER_BYTES));
    } catch (error) {
      part.remove();
      throw error;
    }
    return new GeoTiffWriter(part, spec);
  }

  /**
   * Opens the part file that an earlier run of the same output left. Its tiles are told by
   * {@linkcode GeoTiffWriter.restore}; then {@linkcode GeoTiffWriter.truncate} is due, before any append.
   *
   * @returns undefined if there is none.
   * @throws {RasterError} if it can't be opened.
   */
  static reopen(path: string, spec: GeoTiffSpec): GeoTiffWriter | undefined {
    const part = PartFile.reopen(path);
    return part && new GeoTiffWriter(part, spec);
  }

  /** The output's final path. */
  get path(): string {
    return this.#part.target;
  }

  /** The path under which it grows. */
  get partPath(): string {
    return this.#part.path;
  }

  /** The file's length so far. */
  get byteLength(): number {
    return this.#part.byteLength;
  }

  /** Type and bands, once they are fixed. */
  get format(): OutputPixelFormat | undefined {
    return this.#format && { dataType: this.#format.dataType, bands: this.#format.bands };
  }

  /**
   * Fixes the pixel type and the number of bands; once, before the first append.
   *
   * @throws {ConfigError} if layout or nodata value don't suit them.
   * @throws {RasterError} if the output can't be as large as it would be.
   */
  setFormat(dataType: DataType, bands: number): void {
    const { layout, bandNames = [] } = this.#spec;
    if (this.#format) throw new RasterError(`The format of '${this.path}' is fixed already`);
    checkFormat(layout, dataType, bands);
    if (layout.nodata !== null) nodataText(layout.nodata, dataType);
    if (bandNames.length > bands) {
      throw new RasterError(
        `'${this.path}' has ${bands} band${
          bands === 1 ? "" : "s"
        }, but ${bandNames.length} names; give a name for each band`,
      );
    }
    const { across, down } = tileGrid(layout);
    const tiles = across * down * planeCount(layout, bands);
    if (tiles > MAX_TILES) {
      throw new RasterError(
        `'${this.path}' would have ${tiles} tiles, over the limit of ${MAX_TILES}; make them larger with ` +
          `BLOCKXSIZE and BLOCKYSIZE`,
      );
    }
    const tooMany = beyondClassic(layout, { dataType, bands });
    if (tooMany !== undefined) throw this.#tooLarge(tooMany);
    const offsets = new Float64Array(tiles).fill(-1);
    this.#format = { dataType, bands, offsets, byteCounts: new Uint32Array(tiles) };
    this.#tilesLeft = tiles;
  }

  /**
   * Writes the tiles of a block, in one go, and returns where they went.
   *
   * @throws {RasterError} if the disk is full, the tiles don't fit the block, or were written before.
   */
  append(block: ApplierBlockDefn, encoded: EncodedTiles): TilePlacement {
    const { offsets } = this.#fixedFormat();
    const { bytes, lengths } = encoded;
    const indices = this.#tileIndices(block);
    let total = 0;
    for (const length of lengths) total += length;
    if (lengths.length !== indices.length || total !== bytes.byteLength) {
      throw new RasterError(
        `The result for ${
          describe(block)
        } of '${this.path}' has ${lengths.length} tiles of ${total} bytes in ` +
          `${bytes.byteLength} bytes; ${indices.length} tiles were expected`,
      );
    }
    // Any tile tells: blocks never share one.
    if (offsets[indices[0]!] !== -1) {
      throw new RasterError(`The tiles of ${describe(block)} of '${this.path}' were written before`);
    }
    if (this.#spec.layout.bigTiff === "NO") {
      const atEnd = classicLength(this.#part.byteLength + bytes.byteLength, offsets.length);
      if (atEnd > CLASSIC_LIMIT) throw this.#tooLarge(atEnd);
    }
    const placement: TilePlacement = { block, offset: this.#part.append(bytes), lengths };
    this.#place(placement, indices);
    return placement;
  }

  /**
   * Takes the tiles of a block as written, which an earlier run has done.
   *
   * @throws {RasterError} if they are not as many as the block has.
   */
  restore(placement: TilePlacement): void {
    const indices = this.#tileIndices(placement.block);
    if (placement.lengths.length !== indices.length) {
      const { lengths } = placement;
      throw new RasterError(
        `'${this.path}' has ${indices.length} tiles in ${describe(placement.block)}, not ${lengths.length}`,
      );
    }
    this.#place(placement, indices);
  }

  /**
   * Reads back what an earlier run has written.
   *
   * @returns false if the file ends before it.
   * @throws {RasterError} if it can't be read.
   */
  readBack(offset: number, into: Uint8Array): boolean {
    return this.#part.readInto(offset, into);
  }

  /** Cuts off what lies behind the last tile of an earlier run, which ends at `byteLength`. */
  truncate(byteLength: number): void {
    this.#part.truncate(Math.max(byteLength, HEADER_BYTES));
  }

  /** Puts the mark of {@linkcode PART_MARK} where the header will be: from now on the part file is worth keeping. */
  mark(): void {
    this.#part.overwriteStart(PART_MARK);
  }

  /**
   * Waits until the device has all tiles that were written before.
   *
   * @throws {RasterError} if it refuses.
   */
  sync(): Promise<void> {
    return this.#part.sync();
  }

  /** Whether somebody else has taken the part file away. */
  isLost(): boolean {
    return this.#part.isLost();
  }

  /** Closes the part file and leaves it for a later run. Idempotent. */
  leave(): void {
    this.#part.leave();
  }

  /**
   * Writes directory and header and waits until all is on the disk. The file is then complete and closed, under its
   * part name.
   *
   * @param metadata what is only known now, such as statistics.
   * @throws {RasterError} if tiles are missing, or the disk is full.
   */
  finish(metadata: readonly MetadataItem[] = []): void {
    const { dataType, bands, offsets, byteCounts } = this.#fixedFormat();
    if (this.#tilesLeft > 0) {
      throw new RasterError(
        `'${this.path}' is not complete: ${this.#tilesLeft} of ${offsets.length} tiles were not written`,
      );
    }
    const { layout, geotransform, geoKeys, bandNames = [] } = this.#spec;
    // A directory stands on a word's boundary (TIFF 6.0, section 2); on 8 bytes, so that its values do too.
    this.#part.append(new Uint8Array((8 - this.#part.byteLength % 8) % 8));
    const offset = this.#part.byteLength;
    const { directory, bigTiff } = encodeDirectory(
      { layout, dataType, bands, geotransform, geoKeys, bandNames, metadata },
      { offsets, byteCounts },
      offset,
    );
    if (bigTiff && layout.bigTiff === "NO") throw this.#tooLarge(offset + directory.byteLength);
    this.#part.append(directory);
    this.#part.overwriteStart(encodeHeader({ bigTiff, offset }));
    this.#part.syncAndClose();
  }

  /**
   * Gives the finished file its final name.
   *
   * @throws {RasterError} if the part file is no longer this one, or the rename fails.
   */
  publish(): void {
    this.#part.renameToTarget();
  }

  /** Closes and removes the part file, unless it is published. Idempotent. */
  abort(): void {
    this.#part.remove();
  }

  /** As {@linkcode abort}. */
  [Symbol.dispose](): void {
    this.abort();
  }

  #fixedFormat(): FixedFormat {
    if (!this.#format) throw new RasterError(`The format of '${this.path}' is not fixed yet`);
    return this.#format;
  }

  /** The numbers of a block's tiles in the file's index, in the order in which they are encoded. */
  #tileIndices(block: ApplierBlockDefn): number[] {
    const { layout } = this.#spec;
    const { across, down } = tileGrid(layout);
    const span = tileSpan(layout, block);
    const indices: number[] = [];
    for (let plane = 0; plane < planeCount(layout, this.#fixedFormat().bands); plane++) {
      for (let row = span.row; row < span.row + span.down; row++) {
        const first = (plane * down + row) * across + span.column;
        for (let index = first; index < first + span.across; index++) indices.push(index);
      }
    }
    return indices;
  }

  #place({ offset, lengths }: TilePlacement, indices: readonly number[]): void {
    const { offsets, byteCounts } = this.#fixedFormat();
    let at = offset;
    lengths.forEach((length, i) => {
      const index = indices[i]!;
      offsets[index] = length === 0 ? 0 : at;
      byteCounts[index] = length;
      at += length;
    });
    this.#tilesLeft -= lengths.length;
  }

  #tooLarge(bytes: number): RasterError {
    return new RasterError(
      `Cannot write '${this.path}': ${bytes} bytes are more than a classic TIFF's 4 GiB; leave out BIGTIFF=NO`,
    );
  }
}

function describe({ left, top, ncols, nrows }: ApplierBlockDefn): string {
  return `the block of ${ncols} x ${nrows} pixels at column ${left}, row ${top}`;
}
