/**
 * Reading a GeoTIFF by windows: only the bytes of the tiles that a window touches are read.
 *
 * @module
 */
import { messageOf, RasterError } from "../../core/errors.ts";
import { DATA_TYPES, dataTypeOf, newPixelArray, type PixelArray } from "../data_type.ts";
import { loadedOnce } from "../loaded_once.ts";
import { fillValue } from "../nodata_pixel.ts";
import type { PixelWindow, RasterInfo } from "../raster_info.ts";
import { type ByteSource, openByteSource, type OpenSourceOptions } from "../source/byte_source.ts";
import { readCoalesced, type ReadRequest } from "../source/read_coalesced.ts";
import { loadChunkDecoder } from "./codecs/chunk_decoder.ts";
import { whenReady } from "./codecs/not_ready.ts";
import { type Ifd, readHeader, type TiffHeader } from "./ifd.ts";
import { readImageDirectories } from "./image_directories.ts";
import { type ImageLayout, readImageLayout } from "./image_layout.ts";
import { RawRows } from "./raw_rows.ts";
import { placeOfRawTile, type RawImage, rawRequests } from "./raw_tiles.ts";
import { readRasterInfo } from "./read_raster_info.ts";
import { COMPRESSION, TAG } from "./tags.ts";
import { StripBands } from "./strip_bands.ts";
import { TileCache } from "./tile_cache.ts";
import { TileDecoder, type TilePlace } from "./tile_decoder.ts";
import { TileIndex, tileSize } from "./tile_index.ts";
import { WindowTarget } from "./window_target.ts";
import { tilesOfWindow, type WindowTile } from "./window_tiles.ts";

const DEFAULT_CACHE_BYTES = 64 << 20;
/** Bytes between tiles that are read along: COG writers put four before and four behind each tile. */
const TILE_GAP_BYTES = 32;
/** A byte count far beyond a tile's size is damage; libtiff reads no more than this of it either. */
const MAX_EXPANSION = 10;
const EXPANSION_ALLOWANCE_BYTES = 1 << 20;

/** How a raster is opened. */
export interface GeoTiffReaderOptions extends OpenSourceOptions {
  /** The most that decoded tiles kept for later windows may take. Default 64 MiB; 0 keeps none. */
  cacheBytes?: number;
  /**
   * Keep tiles too that lie wholly inside a window: useful when windows overlap. Default false, since
   * windows that are whole tiles need each tile once.
   */
  cacheWholeTiles?: boolean;
  /** The nodata value of each band, over what the file says: tiles that a sparse file leaves out hold it. */
  bandNodata?: readonly (number | bigint | null)[] | undefined;
}

/** What to read of a window, and where to put it. Offsets and strides count pixels. */
export interface ReadWindowOptions {
  /** The bands, counted from 1, in the order of the result. Default all. */
  bands?: readonly number[];
  /** Where the pixels go; an array of the file's data type. Default a new array. */
  into?: PixelArray;
  /** Where the first pixel of the first band goes in `into`. Default 0. */
  intoOffset?: number;
  /** From one row to the next in `into`. Default the window's columns. */
  intoRowStride?: number;
  /** From one band to the next in `into`. Default the row stride times the window's rows. */
  intoBandStride?: number;
}

/** An open GeoTIFF. Windows may be read at the same time; decoding itself runs in the calling thread. */
export class GeoTiffReader implements AsyncDisposable {
  /** What the file says of itself. `info.location` is without the credentials and query of a URL. */
  readonly info: RasterInfo;
  readonly #source: ByteSource;
  readonly #header: TiffHeader;
  readonly #ifd: Ifd;
  readonly #layout: ImageLayout;
  readonly #image: RawImage;
  readonly #index: TileIndex;
  readonly #cache: TileCache;
  readonly #cacheWholeTiles: boolean;
  /** What tiles hold that the file leaves out, one a band. */
  readonly #fillValues: readonly (number | bigint)[];
  readonly #decoder: () => Promise<TileDecoder>;
  readonly #strips: () => Promise<StripBands>;
  #openedStrips: StripBands | undefined;
  /** Of an image in uncompressed strips. */
  readonly #rawRows: RawRows | undefined;

  private constructor(
    source: ByteSource,
    image: { header: TiffHeader; ifd: Ifd; layout: ImageLayout; info: RasterInfo },
    options: GeoTiffReaderOptions,
  ) {
    this.info = image.info;
    this.#source = source;
    this.#header = image.header;
    this.#ifd = image.ifd;
    this.#layout = image.layout;
    this.#image = { name: source.name, layout: image.layout, littleEndian: image.header.littleEndian };
    this.#index = TileIndex.of(source, image.ifd, { ...image, littleEndian: image.header.littleEndian });
    const cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
    this.#cache = new TileCache(cacheBytes);
    this.#cacheWholeTiles = options.cacheWholeTiles ?? false;
    this.#fillValues = (options.bandNodata ?? image.info.bandNodata).map((nodata) =>
      fillValue(nodata, image.layout.dataType)
    );
    this.#decoder = loadedOnce(() => this.#loadDecoder());
    this.#strips = loadedOnce(() => this.#openStrips(cacheBytes));
    const { tiled } = image.layout;
    const rows = { source, image: this.#image, index: this.#index, fillValues: this.#fillValues };
    this.#rawRows = tiled || !this.#isRaw ? undefined : new RawRows(rows, cacheBytes);
  }

  /**
   * Opens a path, a `file:` URL, or an `http(s):` URL whose server answers range requests.
   *
   * @example Read the first 256 x 256 pixels of band 1
   * ```ts ignore
   * await using reader = await GeoTiffReader.open("scene.tif");
   * const pixels = await reader.readWindow({ left: 0, top: 0, ncols: 256, nrows: 256 }, { bands: [1] });
   * ```
   *
   * @throws {RasterError} if it is missing, no TIFF, damaged, or of a kind that is not supported.
   */
  static async open(location: string | URL, options: GeoTiffReaderOptions = {}): Promise<GeoTiffReader> {
    return await GeoTiffReader.openSource(await openByteSource(location, options), options);
  }

  /**
   * Opens what `source` holds; the reader then owns the source and closes it, also when this fails.
   *
   * @throws {RasterError} as {@linkcode open}.
   */
  static async openSource(source: ByteSource, options: GeoTiffReaderOptions = {}): Promise<GeoTiffReader> {
    try {
      const header = await readHeader(source);
      const directories = await readImageDirectories(source, header);
      const layout = await readImageLayout(directories.main, source.name);
      const info = await readRasterInfo(source, { header, directories, layout });
      return new GeoTiffReader(source, { header, ifd: directories.main, layout, info }, options);
    } catch (error) {
      await source[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * The pixels of a window, planar: bands, rows, columns. Tiles that a sparse file leaves out are nodata, or
   * 0 without one.
   *
   * @returns `options.into`, or a new array of the window's pixels.
   * @throws {RangeError} if the window or a band is not in the raster, or `into` is too small.
   * @throws {TypeError} if `into` is not of the file's data type.
   * @throws {RasterError} if the bytes can't be read or decoded.
   */
  async readWindow(window: PixelWindow, options: ReadWindowOptions = {}): Promise<PixelArray> {
    const layout = this.#layout;
    const bands = options.bands ?? Array.from({ length: layout.bands }, (_, i) => i + 1);
    this.#checkWindow(window, bands);
    const into = options.into ?? this.#allocate(window.ncols * window.nrows * bands.length);
    if (dataTypeOf(into) !== layout.dataType) {
      throw new TypeError(
        `into is a ${into.constructor.name}, but '${this.#source.name}' has ${layout.dataType} pixels`,
      );
    }
    const target = new WindowTarget(into, { ...options, window, layout, bandCount: bands.length });
    await whenReady(() => this.#readBands(window, bands, target));
    return into;
  }

  async #readBands(window: PixelWindow, bands: readonly number[], target: WindowTarget): Promise<void> {
    const layout = this.#layout;
    if (cutsStrips(layout, window)) return await (await this.#strips()).read(window, bands, target);
    if (this.#rawRows?.suits(window, bands.length)) return await this.#rawRows.read(window, bands, target);
    const tiles = tilesOfWindow(layout, window, bands);
    for (const { first, last } of tiles.ranges) {
      const loading = this.#index.load(first, last);
      if (loading !== undefined) await loading;
    }
    if (this.#isRaw) await this.#readRaw(tiles.tiles, target);
    else await this.#readEncoded(tiles.tiles, target);
  }

  /** Whether samples are in the file as they are in memory, but for their byte order. */
  get #isRaw(): boolean {
    return this.#layout.compression === COMPRESSION.NONE && this.#layout.packed === undefined;
  }

  /** Closes the file and forgets its tiles. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cache.clear();
    this.#openedStrips?.clear();
    this.#rawRows?.clear();
    await this.#source[Symbol.asyncDispose]();
  }

  async #readRaw(tiles: readonly WindowTile[], target: WindowTarget): Promise<void> {
    const requests: ReadRequest[] = [];
    for (const tile of tiles) {
      const offset = placeOfRawTile(this.#index, tile, this.#image);
      if (offset === undefined) target.fill(tile, this.#fillValues);
      else requests.push(...rawRequests(tile, { image: this.#image, target, offset }));
    }
    await readCoalesced(this.#source, requests, this.#source.worthSkippingBytes);
  }

  async #readEncoded(tiles: readonly WindowTile[], target: WindowTarget): Promise<void> {
    const requests: ReadRequest[] = [];
    const decoder = await this.#decoder();
    const isInGreatTiles = tiles.length <= 4 * this.#layout.planes;
    const windowBytes = isInGreatTiles ? tiles.length * tileSize(this.#layout, 0).byteLength : 0;
    for (const tile of tiles) {
      const cached = this.#cache.get(tile.index);
      if (cached !== undefined) {
        target.put(cached, tile);
        continue;
      }
      const bytes = this.#locate(tile);
      if (bytes === undefined) {
        target.fill(tile, this.#fillValues);
        continue;
      }
      const use = (bytes: Uint8Array<ArrayBuffer>) => {
        if (this.#cacheWholeTiles || !tile.whole) {
          const pixels = decoder.decode(bytes, tile);
          this.#cache.set(tile.index, pixels, windowBytes);
          target.put(pixels, tile);
          return;
        }
        const direct = target.placeOfWholeTile(tile);
        const pixels = decoder.decodeOnce(bytes, tile, direct);
        if (pixels !== direct) target.put(pixels, tile);
      };
      requests.push({ ...bytes, use });
    }
    await readCoalesced(this.#source, requests, TILE_GAP_BYTES);
  }

  /** Where a loaded tile's bytes are; undefined for one that the file leaves out. */
  #locate(tile: TilePlace): { offset: number; byteLength: number } | undefined {
    const offset = this.#index.offset(tile.index);
    if (offset === undefined) return undefined;
    // A whole tile's, since the lowest ones mostly have all their rows although only some are decoded.
    const limit = tileSize(this.#layout, 0).byteLength * MAX_EXPANSION + EXPANSION_ALLOWANCE_BYTES;
    return { offset, byteLength: Math.min(this.#index.byteCount(tile.index), limit) };
  }

  async #openStrips(cacheBytes: number): Promise<StripBands> {
    const decoder = await this.#decoder();
    const strips = {
      source: this.#source,
      layout: this.#layout,
      fillValues: this.#fillValues,
      decoder,
      load: (first: number, last: number) => this.#index.load(first, last),
      locate: (place: TilePlace) => this.#locate(place),
    };
    return this.#openedStrips = new StripBands(strips, cacheBytes);
  }

  async #loadDecoder(): Promise<TileDecoder> {
    const { compression, dataType, photometric, packed, predictor } = this.#layout;
    // Packed samples come without their predictor.
    const layout: ImageLayout = packed ? { ...this.#layout, predictor: 1 } : this.#layout;
    const image = { name: this.#source.name, layout, littleEndian: this.#header.littleEndian };
    const [jpegTables, lercParameters] = [
      await this.#ifd.bytes(TAG.JPEGTables),
      await this.#ifd.numbers(TAG.LercParameters),
    ];
    try {
      const decoder = await loadChunkDecoder({
        compression,
        dataType,
        photometric,
        jpegTables,
        lercParameters,
        packed: packed && { ...packed, predictor, littleEndian: this.#header.littleEndian },
      });
      return new TileDecoder(decoder, image);
    } catch (cause) {
      throw new RasterError(`'${image.name}' can't be decoded: ${messageOf(cause)}`, { cause });
    }
  }

  #allocate(length: number): PixelArray {
    try {
      return newPixelArray(this.#layout.dataType, length);
    } catch (cause) {
      const bytes = length * DATA_TYPES[this.#layout.dataType].bytes;
      throw new RangeError(`A window of ${bytes} bytes is too large for one array; read smaller windows`, {
        cause,
      });
    }
  }

  #checkWindow(window: PixelWindow, bands: readonly number[]): void {
    const { left, top, ncols, nrows } = window;
    const { width, height } = this.#layout;
    const whole = [left, top, ncols, nrows].every(Number.isInteger);
    if (
      !whole || left < 0 || top < 0 || ncols < 1 || nrows < 1 || left + ncols > width || top + nrows > height
    ) {
      throw new RangeError(
        `Window ${ncols} x ${nrows} at (${left}, ${top}) is not inside '${this.#source.name}' (${width} x ${height})`,
      );
    }
    const wrong = bands.find((band) => !Number.isInteger(band) || band < 1 || band > this.#layout.bands);
    if (bands.length === 0) throw new RangeError("No band was asked for");
    if (wrong !== undefined) {
      throw new RangeError(
        `Band ${wrong} is not in '${this.#source.name}', which has bands 1 to ${this.#layout.bands}`,
      );
    }
  }
}

/** Whether the image is in compressed strips and a window is not made of whole ones. */
function cutsStrips(layout: ImageLayout, { top, ncols, nrows }: PixelWindow): boolean {
  const { tiled, compression, width, height, tileHeight } = layout;
  if (tiled || compression === COMPRESSION.NONE) return false;
  const bottom = top + nrows;
  return ncols < width || top % tileHeight !== 0 || (bottom % tileHeight !== 0 && bottom !== height);
}
