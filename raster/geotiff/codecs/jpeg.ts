/**
 * JPEG in TIFF (compression 7, TIFF Technical Note 2): the usual streams by a decoder of our own, all others by
 * libjpeg-turbo, which GDAL uses too. Pixels are GDAL's to the last bit.
 *
 * @module
 */
import { loadedOnce } from "../../loaded_once.ts";
import { CURE } from "../refusals.ts";
import { PHOTOMETRIC } from "../tags.ts";
import type { ChunkDecoder, CodecContext } from "./chunk_decoder.ts";
import { BaselineJpeg } from "./baseline_jpeg.ts";
import { completeJpeg, type JpegColours, type JpegParts, splitJpeg, tableSegments } from "./jpeg_stream.ts";
import { NotReady } from "./not_ready.ts";
import { UnsupportedData } from "./unsupported_data.ts";

/** What we use of the library, which has no types for its loader. */
interface JpegLibrary {
  JPEGDecoder: new () => {
    getEncodedBuffer(byteLength: number): Uint8Array;
    decode(): void;
    getDecodedBuffer(): Uint8Array<ArrayBuffer>;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
    delete(): void;
  };
}

type LoadLibrary = (options: { print: () => void; printErr: () => void }) => Promise<JpegLibrary>;

let library: JpegLibrary | undefined;

/** Its warnings would go to the console; errors come as exceptions all the same. */
const libjpeg = loadedOnce(async (): Promise<JpegLibrary> => {
  const module = await import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs");
  const load = module.default as unknown as LoadLibrary;
  return library = await load({ print: () => {}, printErr: () => {} });
});

/**
 * A decoder for the image's JPEG tiles.
 *
 * @throws {Error} with a reason, if the library can't be loaded.
 */
export async function loadJpegDecoder(context: CodecContext): Promise<ChunkDecoder> {
  const baseline = await BaselineJpeg.load();
  const colours = context.photometric === PHOTOMETRIC.YCBCR ? "ycbcr" : "asStored";
  let tables: JpegParts["tables"] | undefined;
  const decoder: ChunkDecoder & Required<Pick<ChunkDecoder, "decodeShared">> = {
    nativeOrder: true,
    decode: (encoded, shape) => decoder.decodeShared(encoded, shape).slice(),
    decodeShared(encoded, shape) {
      if (shape.samples !== 1 && shape.samples !== 3) {
        throw new Error(`JPEG tiles of ${shape.samples} interleaved bands are not supported`);
      }
      const jpeg = splitJpeg(encoded, tables ??= tableSegments(context.jpegTables));
      const { frame } = jpeg;
      const { width, height, components, precision } = frame;
      if (frame.subsampled && colours === "asStored") {
        const what =
          `JPEG with subsampled components in an image that is not YCbCr (photometric ${context.photometric}) is`;
        throw new UnsupportedData(what, CURE.anew);
      }
      const fits = width === shape.width && height >= shape.rows && height <= shape.maxRows;
      if (!fits || components !== shape.samples || precision !== 8) {
        throw new Error(
          `it holds ${width} x ${height} pixels of ${components} components and ${precision} bits ` +
            `where ${shape.width} x ${shape.rows} of ${shape.samples} and 8 are needed`,
        );
      }
      return baseline.decode(jpeg, colours === "ycbcr") ?? decodeAny(jpeg, colours);
    },
  };
  return decoder;
}

/** Decodes a stream of any kind; the pixels are there until the next call. */
function decodeAny(jpeg: JpegParts, colours: JpegColours): Uint8Array<ArrayBuffer> {
  if (library === undefined) throw new NotReady(libjpeg);
  const stream = completeJpeg(jpeg, colours);
  const decoder = new library.JPEGDecoder();
  try {
    decoder.getEncodedBuffer(stream.length).set(stream);
    decoder.decode();
    return decoder.getDecodedBuffer();
  } catch (cause) {
    throw new Error("damaged JPEG data", { cause });
  } finally {
    decoder.delete();
  }
}
