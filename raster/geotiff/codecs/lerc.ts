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
      const isFloat = DATA_TYPES[dataType].sampleFormat === 3;
      const bandsBytes = isFloat && depth === 1 && type === dataType ? bytesOfBands(blob, shape) : undefined;
      const fits = width === shape.width && height >= shape.rows && height <= shape.maxRows;
      const maskIsAlpha = type === "uint8" && shape.samples > 1 && depth === shape.samples - 1;
      if (!fits || depth !== shape.samples && !maskIsAlpha && bandsBytes === undefined || type !== dataType) {
        throw new Error(
          `it holds ${width} x ${height} pixels of ${depth} x ${type ?? "an unknown type"} ` +
            `where ${shape.width} x ${shape.rows} of ${shape.samples} x ${dataType} are needed`,
        );
      }
      const { pixels: bands, mask, bandMasks } = (() => {
        try {
          return lerc.decode(blob.subarray(0, bandsBytes ?? blobBytes), { returnInterleaved: true });
        } catch (cause) {
          throw new Error("damaged LERC data", { cause });
        }
      })();
      if (bandsBytes !== undefined) {
        return interleaved(bands as readonly Floats[], bandMasks ?? bands.map(() => mask));
      }
      const pixels = bands[0]!;
      if (maskIsAlpha) return withAlpha(pixels as Uint8Array<ArrayBuffer>, mask, depth);
      if (mask !== null && isFloat) fillMasked(pixels, mask, shape.samples);
      return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    },
  };
}

/**
 * The bytes of the blobs that stand one behind the other, one a band: so libtiff writes interleaved bands whose NaN are in
 * different places, since a blob of several values a pixel has one mask for all. undefined if it is one blob for all bands.
 */
function bytesOfBands(blob: Uint8Array<ArrayBuffer>, { samples }: ChunkShape): number | undefined {
  const first = readLercHeader(blob);
  if (samples === 1 || blob.length === first.blobBytes) return undefined;
  let at = first.blobBytes;
  for (let band = 1; band < samples; band++) {
    const next = readLercHeader(blob.subarray(at));
    const same = next.width === first.width && next.height === first.height && next.depth === first.depth &&
      next.dataType === first.dataType;
    if (!same) throw new Error("damaged LERC data (its bands are not alike)");
    at += next.blobBytes;
  }
  return at;
}

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** The bands pixel by pixel, NaN where a band's mask says that it has nothing. */
function interleaved(
  bands: readonly Floats[],
  masks: readonly (Uint8Array | null)[],
): Uint8Array<ArrayBuffer> {
  const count = bands[0]!.length;
  const isDouble = bands[0] instanceof Float64Array;
  const samples = isDouble ? new Float64Array(count * bands.length) : new Float32Array(count * bands.length);
  for (const [band, values] of bands.entries()) {
    const mask = masks[band] ?? null;
    for (let i = 0, to = band; i < count; i++, to += bands.length) {
      samples[to] = mask !== null && mask[i] === 0 ? NaN : values[i]!;
    }
  }
  return new Uint8Array(samples.buffer);
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
