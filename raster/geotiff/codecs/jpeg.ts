/**
 * JPEG in TIFF (compression 7, TIFF Technical Note 2), by libjpeg-turbo: the decoder that GDAL uses too, so that
 * pixels are equal to the last bit.
 *
 * @module
 */
import { loadedOnce } from "../../loaded_once.ts";
import { CURE } from "../refusals.ts";
import { PHOTOMETRIC } from "../tags.ts";
import type { ChunkDecoder, CodecContext } from "./chunk_decoder.ts";
import { completeJpeg } from "./jpeg_stream.ts";
import { UnsupportedData } from "./unsupported_data.ts";

/** What we use of the library, which has no types for its loader. */
interface JpegLibrary {
  JPEGDecoder: new () => {
    getEncodedBuffer(byteLength: number): Uint8Array;
    decode(): void;
    getDecodedBuffer(): Uint8Array;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
    delete(): void;
  };
}

type LoadLibrary = (options: { print: () => void; printErr: () => void }) => Promise<JpegLibrary>;

/** Its warnings would go to the console; errors come as exceptions all the same. */
const libjpeg = loadedOnce(async (): Promise<JpegLibrary> => {
  const module = await import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs");
  const load = module.default as unknown as LoadLibrary;
  return await load({ print: () => {}, printErr: () => {} });
});

/**
 * A decoder for the image's JPEG tiles.
 *
 * @throws {Error} with a reason, if the library can't be loaded.
 */
export async function loadJpegDecoder(context: CodecContext): Promise<ChunkDecoder> {
  const { JPEGDecoder } = await libjpeg();
  const colours = context.photometric === PHOTOMETRIC.YCBCR ? "ycbcr" : "asStored";
  return {
    nativeOrder: true,
    decode(encoded, shape) {
      if (shape.samples !== 1 && shape.samples !== 3) {
        throw new Error(`JPEG tiles of ${shape.samples} interleaved bands are not supported`);
      }
      const { stream, frame } = completeJpeg(encoded, { tables: context.jpegTables, colours });
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
      const decoder = new JPEGDecoder();
      try {
        decoder.getEncodedBuffer(stream.length).set(stream);
        decoder.decode();
        // A copy: the library's memory is used again for the next tile.
        return new Uint8Array(decoder.getDecodedBuffer());
      } catch (cause) {
        throw new Error("damaged JPEG data", { cause });
      } finally {
        decoder.delete();
      }
    },
  };
}
