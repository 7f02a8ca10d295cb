/**
 * Reads the inputs of a block: pixels with their margin, on the working grid.
 *
 * @module
 */
import type { Payload } from "../core/payload.ts";
import type { ApplierBlockDefn } from "./block_defn.ts";
import { type DataType, dataTypeOf, newPixelArray, type PixelArray, viewPixels } from "./data_type.ts";
import { GeoTiffReader } from "./geotiff/geotiff_reader.ts";
import { RasterBlock } from "./raster_block.ts";
import type { InputFile, InputPlan } from "./raster_job.ts";
import { FileHandles } from "./source/file_handles.ts";
import { isRemote, readableLocation } from "./source/location.ts";
import { hasChanged, isSameVersion } from "./source/version.ts";

/**
 * The most that decoded tiles may take in one worker where the plan does not say how much, shared by its files; none has less
 * than the least.
 */
const CACHE_BYTES = { most: 32 << 20, least: 4 << 20 };

/** Of many inputs, those that so many blocks have not touched are closed: a reader keeps directories and decoded tiles. */
const IDLE_BLOCKS = 64;

/** The blocks read for one block of the working grid, one a file, in the order of the plan. */
export type InputBlocks = readonly RasterBlock[];

/** An input that has been read. */
interface OpenInput {
  readonly reader: Promise<GeoTiffReader>;
  /** Reads under way. */
  reads: number;
  /** How many blocks had been read when it was last wanted. */
  lastUsed: number;
}

/** Reads blocks of all inputs of a run. Files are opened when they are first needed. */
export class InputReader implements AsyncDisposable {
  readonly #files: readonly InputFile[];
  readonly #overlap: number;
  readonly #handles: FileHandles;
  readonly #readers = new Map<number, OpenInput>();
  #blocksRead = 0;

  /**
   * @param overlap margin on each side, pixels.
   * @param openFiles the most local files that are kept open. Default no limit.
   */
  constructor(inputs: readonly InputPlan[], overlap: number, openFiles = Infinity) {
    this.#files = inputs.flatMap(({ files }) => files);
    this.#overlap = overlap;
    this.#handles = new FileHandles(openFiles);
  }

  /** Whether any file is read over the network, so that it pays to read ahead of computing. */
  get remote(): boolean {
    return this.#files.some(({ location }) => isRemote(location));
  }

  /**
   * Reads a block of every file.
   *
   * @throws {RasterError} if a file can't be read, or has changed since the run was planned.
   */
  async read(block: ApplierBlockDefn): Promise<InputBlocks> {
    const blocks = await Promise.all(this.#files.map((file, index) => this.#readFile(file, index, block)));
    if (++this.#blocksRead % IDLE_BLOCKS === 0 && this.#readers.size > IDLE_BLOCKS) {
      await this.#close(({ lastUsed }) => lastUsed <= this.#blocksRead - IDLE_BLOCKS);
    }
    return blocks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(() => true);
  }

  /** Closes the inputs that are wished to be, but for those that are being read. */
  async #close(isWished: (input: OpenInput) => boolean): Promise<void> {
    for (const [index, input] of this.#readers) {
      if (input.reads > 0 || !isWished(input)) continue;
      this.#readers.delete(index);
      // One that could not be opened has nothing to close, and its read has said why.
      await (await input.reader.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  }

  async #readFile(file: InputFile, index: number, block: ApplierBlockDefn): Promise<RasterBlock> {
    const margin = this.#overlap;
    const shape = {
      bands: file.layers.length,
      rows: block.nrows + 2 * margin,
      cols: block.ncols + 2 * margin,
    };
    const left = block.left - margin + file.offset.col;
    const top = block.top - margin + file.offset.row;
    const window = {
      left: Math.max(0, left),
      top: Math.max(0, top),
      ncols: Math.min(file.width, left + shape.cols) - Math.max(0, left),
      nrows: Math.min(file.height, top + shape.rows) - Math.max(0, top),
    };
    const whole = window.ncols === shape.cols && window.nrows === shape.rows;
    const data = newPixelArray(file.dataType, shape.bands * shape.rows * shape.cols);
    if (!whole) fillBands(data, file.nodata);
    if (window.ncols > 0 && window.nrows > 0) {
      const input = this.#input(file, index);
      input.reads++;
      input.lastUsed = this.#blocksRead;
      try {
        await (await input.reader).readWindow(window, {
          bands: file.layers,
          into: data,
          intoOffset: (window.top - top) * shape.cols + window.left - left,
          intoRowStride: shape.cols,
          intoBandStride: shape.rows * shape.cols,
        });
      } finally {
        input.reads--;
      }
    }
    return new RasterBlock(data, shape, file.nodata);
  }

  #input(file: InputFile, index: number): OpenInput {
    const known = this.#readers.get(index);
    if (known) return known;
    const reader = this.#open(file).catch((error) => {
      // A server that failed once may answer when another block is read.
      this.#readers.delete(index);
      throw error;
    });
    const input = { reader, reads: 0, lastUsed: 0 };
    this.#readers.set(index, input);
    return input;
  }

  async #open(file: InputFile): Promise<GeoTiffReader> {
    const reader = await GeoTiffReader.open(file.openAs, {
      name: readableLocation(file.location),
      cacheBytes: file.cacheBytes ?? Math.max(CACHE_BYTES.least, CACHE_BYTES.most / this.#files.length),
      cacheWholeTiles: this.#overlap > 0,
      expectedVersion: file.version,
      bandNodata: file.bandNodata,
      handles: this.#handles,
    });
    if (isSameVersion(reader.info.version, file.version)) return reader;
    await reader[Symbol.asyncDispose]();
    throw hasChanged(reader.info.location);
  }
}

/** Fills each band with its nodata value, if it has one. */
function fillBands(data: PixelArray, nodata: InputFile["nodata"]): void {
  const pixels = data.length / nodata.length;
  for (const [band, value] of nodata.entries()) {
    if (value !== null) data.fill(value as never, band * pixels, (band + 1) * pixels);
  }
}

interface PackedBlock {
  readonly type: DataType;
  readonly bands: number;
  readonly rows: number;
  readonly cols: number;
}

/** Packs blocks for another worker; their pixels are given away. */
export function packInputs(blocks: InputBlocks): Payload {
  return {
    header: blocks.map(({ data, bands, rows, cols }): PackedBlock => ({
      type: dataTypeOf(data)!,
      bands,
      rows,
      cols,
    })),
    parts: blocks.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  };
}

/** Gets blocks back that {@linkcode packInputs} packed. */
export function unpackInputs(payload: Payload, inputs: readonly InputPlan[]): InputBlocks {
  const files = inputs.flatMap(({ files }) => files);
  return (payload.header as PackedBlock[]).map(({ type, ...shape }, index) => {
    const part = payload.parts[index]!;
    const aligned = part.byteOffset % 8 === 0 ? part : part.slice();
    const length = shape.bands * shape.rows * shape.cols;
    const data = viewPixels(type, aligned.buffer, aligned.byteOffset, length);
    return new RasterBlock(data, shape, files[index]!.nodata);
  });
}
