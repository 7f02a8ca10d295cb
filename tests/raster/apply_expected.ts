/**
 * What jobs should give, computed on whole images in memory, in the plainest way.
 *
 * @module
 */
import { type Image, pixelAt } from "./apply_support.ts";

/** (nir - red) / (nir + red) of bands 4 and 3; NaN where either has no data or the sum is 0. */
export function expectedNdvi(image: Image): Float32Array<ArrayBuffer> {
  const { width, height, nodata } = image;
  return Float32Array.from({ length: width * height }, (_, at) => {
    const row = Math.floor(at / width);
    const [red, nir] = [2, 3].map((band) => Number(pixelAt(image, band, row, at % width)));
    const missing = red === nodata || nir === nodata || nir! + red! === 0;
    return missing ? NaN : (nir! - red!) / (nir! + red!);
  });
}

/** The mean of the valid ones of the 5 x 5 pixels around each, in every band; nodata where there is none. */
export function expectedFocalMean(image: Image): Float32Array<ArrayBuffer> {
  const { width, height, bands, nodata } = image;
  return Float32Array.from({ length: width * height * bands }, (_, at) => {
    const band = Math.floor(at / (width * height));
    const row = Math.floor(at / width) % height;
    const values: number[] = [];
    for (let y = row - 2; y <= row + 2; y++) {
      for (let x = at % width - 2; x <= at % width + 2; x++) {
        // What lies outside the image is nodata, or 0.
        const value = pixelAt(image, band, y, x) ?? nodata ?? 0;
        if (value !== nodata) values.push(Number(value));
      }
    }
    return values.length === 0 ? Number(nodata) : values.reduce((sum, value) => sum + value) / values.length;
  });
}

/** An image and where its first pixel lies in the working grid. */
export interface PlacedImage extends Image {
  readonly col: number;
  readonly row: number;
}

/** A pixel by its place in the working grid; nodata, or 0, outside. */
export function pixelOnGrid(image: PlacedImage, band: number, row: number, col: number): number {
  return Number(pixelAt(image, band, row - image.row, col - image.col) ?? image.nodata ?? 0);
}

/** The mean of the images that have data there; NaN where none has. */
export function expectedMosaic(
  images: readonly PlacedImage[],
  grid: { width: number; height: number },
): Float32Array<ArrayBuffer> {
  const { width, height } = grid;
  const bands = images[0]!.bands;
  return Float32Array.from({ length: width * height * bands }, (_, at) => {
    const band = Math.floor(at / (width * height));
    const row = Math.floor(at / width) % height;
    const valid = images.map((image) => ({ image, value: pixelOnGrid(image, band, row, at % width) }))
      .filter(({ image, value }) => value !== image.nodata);
    return valid.reduce((sum, { value }) => sum + value, 0) / valid.length;
  });
}
