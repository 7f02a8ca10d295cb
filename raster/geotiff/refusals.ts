/**
 * Errors about files that are sound but not read, and about damaged ones.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";

/** An image of a kind that is not read. */
export interface Unsupported {
  /** What it has, with its verb: "Pixels of 20 bits are", in which the file's name goes before the verb. */
  readonly what: string;
  /** Its verb. Default "is". */
  readonly verb?: "is" | "are";
  /** What to do: one of {@linkcode CURE}. */
  readonly cure: string;
}

/** What helps, tried out by tests; IN.tif and OUT.tif stand for the user's files. */
export const CURE = {
  /** GDAL reads it, and writes it in a way that is read here. */
  rewrite: "rewrite the file: gdal_translate -co COMPRESS=DEFLATE IN.tif OUT.tif",
  /** It depends on how GDAL was built. */
  rewriteIfRead:
    "if your GDAL reads it, rewrite the file: gdal_translate -co COMPRESS=DEFLATE IN.tif OUT.tif",
  /** GDAL would keep 17 to 31 bits. */
  whole32: "rewrite the file: gdal_translate -co NBITS=32 IN.tif OUT.tif",
  /** GDAL would keep complex numbers. */
  real: "gdal_translate -ot Float32 IN.tif OUT.tif makes a file of their real parts",
  /** Strips or tiles too large to be decoded as a whole. */
  smallTiles: "rewrite the file: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE IN.tif OUT.tif",
  /** GDAL does not read it either. */
  anew: "GDAL can't read it either: write the file anew with the program that made it",
  /** GDAL reads other numbers than are meant. */
  otherType: "write the file anew with samples of 8, 16, 32 or 64 bits",
} as const;

/** An error about an image of a kind that is not read. */
export function unsupported(name: string, { what, verb = "is", cure }: Unsupported): RasterError {
  return new RasterError(`${what} in '${name}' ${verb} not supported; ${cure}`);
}

/** An error about a file that contradicts itself. */
export function damaged(name: string, why: string): RasterError {
  return new RasterError(`'${name}' is damaged: ${why}; get a good copy of it`);
}
