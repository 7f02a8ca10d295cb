/**
 * Outputs whose names promise another format.
 *
 * @module
 */

/** Endings of other formats that GDAL reads; RIOS's default is .img. */
const OTHER_FORMATS = /\.(asc|bil|bip|bsq|dat|ecw|ers|gpkg|h5|hdf|img|jp2|jpe?g|kea|nc|png|sid|vrt|zarr)$/i;

/** A line for outputs that will be GeoTIFF although their names end like another format's; none is refused. */
export function otherFormatNotices(paths: readonly string[]): string[] {
  const [first, ...others] = paths.filter((path) => OTHER_FORMATS.test(path));
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return [`'${first}'${more} will be GeoTIFF, which is all that is written, whatever the name ends with`];
}
