/**
 * LERC (compression 34887), by Esri's own library, alone or inside DEFLATE or Zstandard.
 *
 * @module
 */
import { DATA_TYPES } from "../../data_type.ts";
import { loadedOnce } from "../../loaded_once.ts";
import type { ChunkDecoder, ChunkShape, CodecContext } from "./chunk_decoder.ts";
import { LERC_TYPES, readLercHeader } from "./lerc_header.ts";
import { decompressZstd, inflate } from "./zlib.ts";

/** LercParameters (tag 50674), second number. */
const ADDITIONAL = { NONE: 0, DEFLATE: 1, ZSTD: 2 } as const;
/** More than LERC ever adds to the pixels it holds: header, mask and statistics. */
const OVERHEAD_BYTES = 65536;

const lercLibrary = loadedOnce(async () => {
  const module = await import("lerc");
  await module.load();
  return module;
});

/**
 * A decoder for the image's LERC tiles.
 *
 * @throws {Error} with a reason, if the pixels are of a type that LERC does not have.
 */
export async function loadLercDecoder(context: CodecContext): Promise<ChunkDecoder> {
  const lerc = await lercLibrary();
  const { dataType } = context;
  const additional = context.lercParameters?.[1] ?? ADDITIONAL.NONE;
  if (additional !== ADDITIONAL.NONE && additional !== ADDITIONAL.DEFLATE && additional !== ADDITIONAL.ZSTD) {
    throw new Error(`LERC inside compression ${additional} is not supported`);
  }
  return {
    // libtiff gives LERC the samples as they are in the file, so that a big-endian file holds swapped ones.
    nativeOrder: false,
    decode(encoded, shape) {
      const blob = unwrap(encoded, { shape, additional });
      const { width, height, depth, blobBytes, dataType: typeNumber } = readLercHeader(blob);
      const type = LERC_TYPES[typeNumber];
      const fits = width === shape.width && height >= shape.rows && height <= shape.maxRows;
      const maskIsAlpha = type === "uint8" && shape.samples > 1 && depth === shape.samples - 1;
      if (!fits || depth !== shape.samples && !maskIsAlpha || type !== dataType) {
        throw new Error(
          `it holds ${width} x ${height} pixels of ${depth} x ${type ?? "an unknown type"} ` +
            `where ${shape.width} x ${shape.rows} of ${shape.samples} x ${dataType} are needed`,
        );
      }
      let pixels: ArrayBufferView<ArrayBuffer>;
      let mask: Uint8Array | null;
      try {
        const decoded = lerc.decode(blob.subarray(0, blobBytes), { returnInterleaved: true });
        pixels = decoded.pixels[0]!;
        mask = decoded.mask;
      } catch (cause) {
        throw new Error("damaged LERC data", { cause });
      }
      if (maskIsAlpha) return withAlpha(pixels as Uint8Array<ArrayBuffer>, mask, depth);
      if (mask !== null && DATA_TYPES[dataType].sampleFormat === 3) fillMasked(pixels, mask, shape.samples);
      return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    },
  };
}

function unwrap(
  encoded: Uint8Array<ArrayBuffer>,
  { shape, additional }: { shape: ChunkShape; additional: number },
): Uint8Array<ArrayBuffer> {
  if (additional === ADDITIONAL.NONE) return encoded;
  // The blob's size is not known beforehand; it is seldom more than the pixels'.
  const maxBytes = Math.ceil(shape.byteLength / shape.rows * shape.maxRows * 1.1) + OVERHEAD_BYTES;
  const limits = { expectedBytes: Math.min(maxBytes, encoded.length * 4), maxBytes };
  return additional === ADDITIONAL.DEFLATE ? inflate(encoded, limits) : decompressZstd(encoded, limits);
}

/** libtiff writes an alpha band of bytes that are 0 or 255 as the mask, and gives it back so: the last sample of each pixel. */
function withAlpha(
  pixels: Uint8Array<ArrayBuffer>,
  mask: Uint8Array | null,
  colours: number,
): Uint8Array<ArrayBuffer> {
  const count = pixels.length / colours;
  const samples = new Uint8Array(count * (colours + 1));
  for (let i = 0, from = 0, to = 0; i < count; i++) {
    for (let colour = 0; colour < colours; colour++) samples[to++] = pixels[from++]!;
    samples[to++] = mask === null || mask[i] !== 0 ? 255 : 0;
  }
  return samples;
}

/** libtiff writes floating point NaN as masked out, and gives it back as NaN. */
function fillMasked(pixels: ArrayBufferView<ArrayBuffer>, mask: Uint8Array, samples: number): void {
  const values = pixels as Float32Array | Float64Array;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) values.fill(NaN, i * samples, (i + 1) * samples);
  }
}
