/**
 * The header of a LERC2 blob (Esri's LERC specification, version 2 to 6), read before the library gets the blob: the
 * library allocates by the header's numbers, whatever they are.
 *
 * @module
 */

/** The first numbers of a blob. */
export interface LercHeader {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Values a pixel. */
  readonly depth: number;
  /** Bytes of the blob. */
  readonly blobBytes: number;
  /** The pixel type's number, in the order of {@linkcode LERC_TYPES}. */
  readonly dataType: number;
}

/** Pixel types by LERC's numbers. */
export const LERC_TYPES = [
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "float32",
  "float64",
] as const;

const MAGIC = "Lerc2 ";
/** Of version 1, without pixels. */
const SHORTEST_BYTES = 58;
const VERSIONS = { oldest: 1, newest: 6, withChecksum: 3, withDepth: 4 } as const;

/**
 * Reads the header.
 *
 * @throws {Error} with a reason, if the bytes are no LERC2 blob, or not a whole one.
 */
export function readLercHeader(bytes: Uint8Array<ArrayBuffer>): LercHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < SHORTEST_BYTES || [...MAGIC].some((letter, i) => letter.charCodeAt(0) !== bytes[i])) {
    throw new Error("it is no LERC data");
  }
  let at = MAGIC.length;
  const next = () => {
    at += 4;
    return view.getInt32(at - 4, true);
  };
  const version = next();
  if (version < VERSIONS.oldest || version > VERSIONS.newest) {
    throw new Error(`LERC version ${version} is not supported`);
  }
  if (version >= VERSIONS.withChecksum) next();
  const height = next();
  const width = next();
  const depth = version >= VERSIONS.withDepth ? next() : 1;
  const validPixels = next();
  next();
  const blobBytes = next();
  const dataType = next();
  if (blobBytes < at || blobBytes > bytes.length) {
    throw new Error(`damaged LERC data (${blobBytes} bytes are announced, ${bytes.length} are there)`);
  }
  if (validPixels < 0 || validPixels > width * height) {
    throw new Error("damaged LERC data (too many valid pixels)");
  }
  return { width, height, depth, blobBytes, dataType };
}
