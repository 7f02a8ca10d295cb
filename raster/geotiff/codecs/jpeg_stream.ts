/**
 * What has to be known of and done to a JPEG stream before a decoder gets it (ISO/IEC 10918-1 annex B;
 * TIFF Technical Note 2).
 *
 * @module
 */

/** The frame header of a JPEG stream. */
export interface JpegFrame {
  /** Bits a sample. */
  readonly precision: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Components. */
  readonly components: number;
  /** Whether a component has fewer samples than another. */
  readonly subsampled: boolean;
}

/** How a decoder must take the colours: as they are, or YCbCr that becomes RGB. */
export type JpegColours = "asStored" | "ycbcr";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP15 = 0xef;
const COMMENT = 0xfe;

/** A tile's stream and the file's tables, in parts. */
export interface JpegParts {
  /** The file's marker segments; the same list for all tiles of a file. */
  readonly tables: readonly Uint8Array<ArrayBuffer>[];
  /** The tile's marker segments before its first scan, without application markers. */
  readonly segments: readonly Uint8Array<ArrayBuffer>[];
  /** The rest of the stream, from the first scan's marker on. */
  readonly scans: Uint8Array<ArrayBuffer>;
  /** The frame header. */
  readonly frame: JpegFrame;
}

/**
 * The marker segments of a file's JPEGTables.
 *
 * @throws {Error} with a reason, if they are no JPEG stream.
 */
export function tableSegments(
  tables: Uint8Array<ArrayBuffer> | undefined,
): readonly Uint8Array<ArrayBuffer>[] {
  return tables === undefined ? [] : split(tables).segments;
}

/**
 * A tile's stream in parts. Application markers are left out, since libtiff pays no heed to them and a JFIF or Adobe marker
 * would turn the colours.
 *
 * @throws {Error} with a reason, if it is no JPEG stream.
 */
export function splitJpeg(
  encoded: Uint8Array<ArrayBuffer>,
  tables: readonly Uint8Array<ArrayBuffer>[],
): JpegParts {
  const { segments, scans } = split(encoded);
  const header = segments.find((segment) => isFrameHeader(segment[1]!));
  if (header === undefined) throw new Error("it has no JPEG frame header");
  return { tables, segments, scans, frame: readFrame(header) };
}

/**
 * A whole stream, with an Adobe marker (APP14) that says what the TIFF's photometric interpretation says of the colours.
 */
export function completeJpeg(
  { tables, segments, scans }: JpegParts,
  colours: JpegColours,
): Uint8Array<ArrayBuffer> {
  const parts = [Uint8Array.of(0xff, SOI), adobeMarker(colours), ...tables, ...segments, scans];
  const stream = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    stream.set(part, at);
    at += part.length;
  }
  return stream;
}

/** The marker segments before the first scan, without SOI, EOI and application markers; and the rest of the stream. */
function split(
  jpeg: Uint8Array<ArrayBuffer>,
): { segments: Uint8Array<ArrayBuffer>[]; scans: Uint8Array<ArrayBuffer> } {
  if (jpeg[0] !== 0xff || jpeg[1] !== SOI) throw new Error("it does not begin as a JPEG stream does");
  const segments: Uint8Array<ArrayBuffer>[] = [];
  let at = 2;
  while (at + 1 < jpeg.length) {
    if (jpeg[at] !== 0xff) throw new Error("damaged JPEG data (no marker where one must be)");
    const marker = jpeg[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === EOI || marker === SOS) return { segments, scans: jpeg.subarray(at) };
    if (at + 3 >= jpeg.length) break;
    const length = (jpeg[at + 2]! << 8) | jpeg[at + 3]!;
    const next = at + 2 + length;
    if (length < 2 || next > jpeg.length) break;
    const passedOver = (marker >= APP0 && marker <= APP15) || marker === COMMENT;
    if (!passedOver) segments.push(jpeg.subarray(at, next));
    at = next;
  }
  throw new Error("the JPEG data is cut off");
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which share their range. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(segment: Uint8Array<ArrayBuffer>): JpegFrame {
  if (segment.length < 10) throw new Error("damaged JPEG data (short frame header)");
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const components = view.getUint8(9);
  if (segment.length < 10 + 3 * components) throw new Error("damaged JPEG data (short frame header)");
  // Three bytes a component: its id, its sampling factors across and down in one, and its quantization table.
  const factors = Array.from({ length: components }, (_, i) => view.getUint8(11 + 3 * i));
  return {
    precision: view.getUint8(4),
    height: view.getUint16(5),
    width: view.getUint16(7),
    components,
    subsampled: factors.some((factor) => factor !== factors[0]),
  };
}

/** Adobe's APP14: version 100, two words of flags, and the colour transform: 0 none, 1 YCbCr. */
function adobeMarker(colours: JpegColours): Uint8Array<ArrayBuffer> {
  const transform = colours === "ycbcr" ? 1 : 0;
  return Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, transform);
}
