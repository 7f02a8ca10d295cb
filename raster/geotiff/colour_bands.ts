/**
 * What the bands of an output are as colours, by GDAL's rules (GTiff driver, creation options PHOTOMETRIC and ALPHA).
 *
 * @module
 */
import type { OutputPixelFormat } from "./big_tiff.ts";
import type { AlphaKind, CreationOptions, Photometric } from "./creation_options.ts";

/** The colours of an output. */
export interface ColourBands {
  /** PhotometricInterpretation. */
  readonly photometric: Photometric;
  /** How many of the first bands it is about: 3 or 1. */
  readonly colours: number;
  /** What the first band after those is. */
  readonly alpha: AlphaKind;
}

/**
 * The colours of an output with these options. Where they don't say, three bands of bytes are red, green and blue, and a
 * fourth is their alpha.
 */
export function colourBands(
  options: Pick<CreationOptions, "photometric" | "alpha">,
  { dataType, bands }: OutputPixelFormat,
): ColourBands {
  const isColourful = dataType === "uint8" && (bands === 3 || bands === 4);
  const photometric = options.photometric ?? (isColourful ? "RGB" : "MINISBLACK");
  const isAlpha = options.photometric === undefined && isColourful && bands === 4;
  return {
    photometric,
    colours: photometric === "RGB" ? 3 : 1,
    alpha: options.alpha ?? (isAlpha ? "NON-PREMULTIPLIED" : "NO"),
  };
}
