/**
 * The JPEG streams that TIFF writers make, decoded in WebAssembly with SIMD: several times as fast as the complete library
 * in WebAssembly, and loaded in a tenth of the time. The sources are in `wasm/jpeg`.
 *
 * @module
 */
import { JPEG_WASM } from "./jpeg_wasm.ts";
import type { JpegParts } from "./jpeg_stream.ts";

/** What may be decoded here; memory once grown for one tile is kept. */
const MOST_PIXEL_BYTES = 64 << 20;
const SOF0 = 0xc0;
const SOF1 = 0xc1;
const DHT = 0xc4;
const DQT = 0xdb;
const DRI = 0xdd;
/** The order in which a quantization table is written (ISO/IEC 10918-1, figure A.6). */
const ZIGZAG = zigzag();

interface Exports {
  readonly memory: WebAssembly.Memory;
  quantAddress(table: number): number;
  huffmanAddress(table: number): number;
  prepareHuffman(table: number): number;
  setComponent(component: number, h: number, v: number, quant: number, dc: number, ac: number): void;
  begin(columns: number, rows: number, components: number, scanBytes: number): number;
  inputAddress(): number;
  outputAddress(): number;
  decode(scanBytes: number, isYcc: number): number;
}

/** A component of a frame, with its tables. */
interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly quant: number;
}

/** Decodes baseline JPEG; one for the tiles of one image. */
export class BaselineJpeg {
  readonly #wasm: Exports;
  readonly #knownQuants = new Set<number>();
  readonly #knownHuffmans = new Set<number>();
  #fileTables: readonly Uint8Array<ArrayBuffer>[] | undefined;
  /** Whether the tables of each kind that stand are the file's, and no tile's. */
  #areFileQuants = false;
  #areFileHuffmans = false;

  private constructor(wasm: Exports) {
    this.#wasm = wasm;
  }

  /** Compiles the decoder. */
  static async load(): Promise<BaselineJpeg> {
    const { instance } = await WebAssembly.instantiate(Uint8Array.fromBase64(JPEG_WASM));
    return new BaselineJpeg(instance.exports as unknown as Exports);
  }

  /**
   * The pixels of a stream, component by component, which are there until the next call; undefined for one that is not
   * baseline, of another shape than usual, or damaged: a complete decoder knows what to do with it.
   *
   * @param isYcc whether YCbCr becomes RGB.
   */
  decode(jpeg: JpegParts, isYcc: boolean): Uint8Array<ArrayBuffer> | undefined {
    const { width, height, components: count, precision } = jpeg.frame;
    const isUsual = precision === 8 && (count === 1 || count === 3) && width > 0 && height > 0;
    if (!isUsual || width * height * count > MOST_PIXEL_BYTES) return undefined;
    const components = this.#takeTables(jpeg);
    const scan = components && this.#takeScan(jpeg.scans, components);
    if (scan === undefined) return undefined;
    const wasm = this.#wasm;
    if (wasm.begin(width, height, count, scan.length) === 0) return undefined;
    // Grown memory is another buffer.
    const memory = new Uint8Array(wasm.memory.buffer as ArrayBuffer);
    memory.set(scan, wasm.inputAddress());
    if (wasm.decode(scan.length, isYcc && count === 3 ? 1 : 0) === 0) return undefined;
    const start = wasm.outputAddress();
    return memory.subarray(start, start + width * height * count);
  }

  /** Sets the tables of the file and the tile; gives the frame's components, undefined for what is not taken here. */
  #takeTables({ tables, segments }: JpegParts): Component[] | undefined {
    if (!this.#takeFileTables(tables)) return undefined;
    let components: Component[] | undefined;
    for (const segment of segments) {
      const marker = segment[1]!;
      if (marker === SOF0 || marker === SOF1) {
        if (components !== undefined) return undefined;
        components = componentsOf(segment);
      } else {
        // Those of one tile are not for the next.
        if (marker === DQT) this.#areFileQuants = false;
        if (marker === DHT) this.#areFileHuffmans = false;
        if (!this.#takeTable(segment)) return undefined;
      }
    }
    return components && areUsual(components, segments) ? components : undefined;
  }

  /** Sets the file's tables where others stand; most writers give each tile Huffman tables of its own, but no others. */
  #takeFileTables(tables: JpegParts["tables"]): boolean {
    const isOther = tables !== this.#fileTables;
    this.#fileTables = undefined;
    const takesQuants = isOther || !this.#areFileQuants;
    const takesHuffmans = isOther || !this.#areFileHuffmans;
    if (takesQuants) this.#knownQuants.clear();
    if (takesHuffmans) this.#knownHuffmans.clear();
    for (const segment of tables) {
      const marker = segment[1];
      const stands = (marker === DQT && !takesQuants) || (marker === DHT && !takesHuffmans);
      if (!stands && !this.#takeTable(segment)) return false;
    }
    this.#fileTables = tables;
    this.#areFileQuants = this.#areFileHuffmans = true;
    return true;
  }

  #takeTable(segment: Uint8Array<ArrayBuffer>): boolean {
    const marker = segment[1]!;
    if (marker === DQT) return this.#takeQuants(segment.subarray(4));
    if (marker === DHT) return this.#takeHuffmans(segment.subarray(4));
    return marker === DRI && segment.length >= 6 && segment[4] === 0 && segment[5] === 0;
  }

  #takeQuants(body: Uint8Array<ArrayBuffer>): boolean {
    for (let at = 0; at < body.length; at += 65) {
      const table = body[at]!;
      if (table > 3 || at + 65 > body.length) return false;
      const numbers = new Uint16Array(this.#wasm.memory.buffer, this.#wasm.quantAddress(table), 64);
      for (let i = 0; i < 64; i++) numbers[ZIGZAG[i]!] = body[at + 1 + i]!;
      this.#knownQuants.add(table);
    }
    return true;
  }

  #takeHuffmans(body: Uint8Array<ArrayBuffer>): boolean {
    for (let at = 0; at < body.length;) {
      const [kind, id] = [body[at]! >> 4, body[at]! & 15];
      const counts = body.subarray(at + 1, at + 17);
      const symbols = counts.reduce((sum, count) => sum + count, 0);
      const end = at + 17 + symbols;
      if (kind > 1 || id > 3 || symbols > 256 || end > body.length) return false;
      const table = kind * 4 + id;
      const memory = new Uint8Array(this.#wasm.memory.buffer);
      memory.set(body.subarray(at + 1, end), this.#wasm.huffmanAddress(table));
      if (this.#wasm.prepareHuffman(table) === 0) return false;
      this.#knownHuffmans.add(table);
      at = end;
    }
    return true;
  }

  /** Reads the scan's header; gives what is behind it, undefined unless it is one scan of all components. */
  #takeScan(
    scans: Uint8Array<ArrayBuffer>,
    components: readonly Component[],
  ): Uint8Array<ArrayBuffer> | undefined {
    const count = components.length;
    const length = ((scans[2] ?? 0) << 8) | (scans[3] ?? 0);
    if (length !== 6 + 2 * count || scans.length < 2 + length || scans[4] !== count) return undefined;
    for (const [index, { id, h, v, quant }] of components.entries()) {
      const [scanId, tables] = [scans[5 + 2 * index]!, scans[6 + 2 * index]!];
      const [dc, ac] = [tables >> 4, tables & 15];
      const areKnown = this.#knownQuants.has(quant) && this.#knownHuffmans.has(dc) &&
        this.#knownHuffmans.has(4 + ac);
      if (scanId !== id || dc > 3 || ac > 3 || !areKnown) return undefined;
      this.#wasm.setComponent(index, h, v, quant, dc, ac);
    }
    const [first, last, precision] = scans.subarray(5 + 2 * count);
    if (first !== 0 || last !== 63 || precision !== 0) return undefined;
    return scans.subarray(2 + length);
  }
}

function componentsOf(frame: Uint8Array<ArrayBuffer>): Component[] | undefined {
  const count = frame[9]!;
  if (frame.length < 10 + 3 * count) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const [id, factors, quant] = frame.subarray(10 + 3 * index, 13 + 3 * index);
    return { id: id!, h: factors! >> 4, v: factors! & 15, quant: quant! };
  });
}

/** Whether sampling is that which is decoded here: chroma of luma's size, or of half of it both ways. */
function areUsual(components: readonly Component[], segments: JpegParts["segments"]): boolean {
  const [luma, ...chroma] = components;
  if (luma === undefined || luma.quant > 3) return false;
  if (chroma.length === 0) return true;
  const frame = segments.find((segment) => segment[1] === SOF0 || segment[1] === SOF1)!;
  const width = (frame[7]! << 8) | frame[8]!;
  // libjpeg has another way for the narrowest images.
  const isHalved = luma.h === 2 && luma.v === 2 && Math.ceil(width / 2) > 2;
  const isSame = luma.h === 1 && luma.v === 1;
  return (isSame || isHalved) && chroma.every(({ h, v, quant }) => h === 1 && v === 1 && quant <= 3);
}

function zigzag(): number[] {
  const order: number[] = [];
  for (let diagonal = 0; diagonal < 15; diagonal++) {
    const first = Math.max(0, diagonal - 7);
    const places = Array.from({ length: Math.min(diagonal, 7) - first + 1 }, (_, i) => first + i);
    // Even diagonals go up, odd ones down.
    for (const place of places) {
      const [row, column] = diagonal % 2 === 0 ? [diagonal - place, place] : [place, diagonal - place];
      order.push(row * 8 + column);
    }
  }
  return order;
}
