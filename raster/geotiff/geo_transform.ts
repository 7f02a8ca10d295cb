/**
 * Where the pixels lie, from the model tags (OGC 19-008r4, section 7.3 and annex B), as GDAL reads them.
 *
 * @module
 */
import type { GeoTransform } from "../raster_info.ts";

/** The three tags' numbers, as far as the file has them. */
export interface ModelTags {
  /** ModelPixelScale: x, y, z. */
  readonly pixelScale: readonly number[] | undefined;
  /** ModelTiepoint: six numbers a point: column, row, 0, x, y, z. */
  readonly tiepoint: readonly number[] | undefined;
  /** ModelTransformation: a 4 x 4 matrix by rows. */
  readonly transformation: readonly number[] | undefined;
}

/**
 * The geotransform of the first pixel's outer corner; null if the tags give none, or one that is not finite. Tie points without a scale
 * are ground control points, which give none. With PixelIsPoint the tags speak of pixel centres, so that the
 * corner is half a pixel before them.
 */
export function geoTransformOf(tags: ModelTags, pixelIsPoint: boolean): GeoTransform | null {
  const transform = fromScale(tags) ?? fromMatrix(tags);
  if (transform === undefined) return null;
  const [x, xx, xy, y, yx, yy] = transform;
  const corner: GeoTransform = pixelIsPoint
    ? [x - (xx * 0.5 + xy * 0.5), xx, xy, y - (yx * 0.5 + yy * 0.5), yx, yy]
    : transform;
  return corner.every(Number.isFinite) ? corner : null;
}

/** Whether the tags give a place, if perhaps one that is no number. */
export function hasPlace(tags: ModelTags): boolean {
  return (fromScale(tags) ?? fromMatrix(tags)) !== undefined;
}

/** Numbers of one tie point: column, row, depth, x, y, z. */
const TIEPOINT_NUMBERS = 6;

/** How many ground control points the tags have: tie points, where no scale or matrix makes one of them the place. */
export function groundControlPoints(tags: ModelTags): number {
  if (hasPlace(tags)) return 0;
  return Math.floor((tags.tiepoint?.length ?? 0) / TIEPOINT_NUMBERS);
}

function fromScale({ pixelScale, tiepoint }: ModelTags): GeoTransform | undefined {
  const [xScale = 0, yScale = 0] = pixelScale ?? [];
  if (xScale === 0 || yScale === 0) return undefined;
  const [column, row, , x, y] = tiepoint ?? [];
  if (column === undefined || row === undefined || x === undefined || y === undefined) return undefined;
  // Some writers give a negative y scale for north-up images; GDAL takes its size only.
  const height = -Math.abs(yScale);
  return [x - column * xScale, xScale, 0, y - row * height, 0, height];
}

function fromMatrix({ transformation }: ModelTags): GeoTransform | undefined {
  if (transformation?.length !== 16) return undefined;
  const [xx, xy, , x, yx, yy, , y] = transformation as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return [x, xx, xy, y, yx, yy];
}
