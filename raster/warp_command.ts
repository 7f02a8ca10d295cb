/**
 * How a raster gets onto the grid of another.
 *
 * @module
 */
import { epsgCode, hasOwnAngularUnit, isPlainCode } from "./geotiff/geo_keys.ts";
import { type GridCrs, isWithoutCrs, sameGridCrs } from "./grid_crs.ts";
import type { NamedGrid, PixelGrid } from "./pixel_grid.ts";
import { isRemote } from "./source/location.ts";

/**
 * What the user can do about two rasters that share no lattice: commands of GDAL that lead to files that do, or words
 * where gdalwarp could not be told.
 */
export function warpAdvice(reference: NamedGrid, named: NamedGrid): string {
  const placeless = [reference, named].filter(({ grid }) => isPlaceless(grid));
  if (placeless.length === 1) {
    return `'${
      placeless[0]!.name
    }' does not say where it lies: give it a place first, by a world file beside it or ` +
      "gdal_edit.py -a_ullr ULX ULY LRX LRY, and -a_srs for its coordinate system; if it has ground control points, " +
      "gdalwarp makes a file of them that has a place";
  }
  const systemless = [reference, named].filter(({ grid }) => isWithoutCrs(grid));
  if (systemless.length === 1) {
    return `'${
      systemless[0]!.name
    }' does not say its coordinate system: if it is the other's, say so first: ${
      assignCommand(systemless[0]!, systemless[0] === named ? reference : named)
    }`;
  }
  const isOther = !sameGridCrs(reference.grid, named.grid);
  const look = isOther ? " (they must show one place: what the other does not cover becomes 0)" : "";
  const [into, intoToo] = freeNames();
  const direct = warpCommand(reference.grid, named, { file: fileOf(reference), into });
  if (direct) return `Warp it to that grid first${look}: ${direct}`;
  const turned = isWarpable(reference)
    ? warpCommand(named.grid, reference, { file: fileOf(named), into })
    : undefined;
  if (turned) return `Warp '${reference.name}' to the grid of '${named.name}' first${look}: ${turned}`;
  const onto = northUp(reference.grid);
  const both = isWarpable(reference) && isWarpable(named)
    ? [
      warpCommand(onto, reference, { file: fileOf(reference), into }),
      warpCommand(onto, named, { file: fileOf(reference), into: intoToo }),
    ]
    : [];
  if (both.length > 0 && both.every((command) => command !== undefined)) {
    return `gdalwarp makes north-up files only, so warp both first${look}: ${both.join("; ")}`;
  }
  return "Warp one of them to the grid of the other first";
}

/**
 * GDAL's command that puts a raster onto a grid, extent and all, ready for a POSIX shell; undefined where gdalwarp could
 * not be told: a raster that is no file, a grid with a rotation or one that is not north up, since gdalwarp makes no
 * such files, or a coordinate system that neither an EPSG code says nor `file`, which lies in it.
 *
 * @param options the new file, which must not be there: gdalwarp would write into it.
 */
export function warpCommand(
  onto: PixelGrid,
  named: NamedGrid,
  { file, into }: { readonly file?: string | undefined; readonly into: string },
): string | undefined {
  const { name, grid } = named;
  const [left, width, rotation, top, skew, height] = onto.geotransform;
  if (!isWarpable(named) || rotation !== 0 || skew !== 0 || width < 0 || height > 0) return undefined;
  const system = targetSystem(onto, { source: grid, file });
  if (system === undefined) return undefined;
  const [right, bottom] = [left + onto.ncols * width, top + onto.nrows * height];
  return [
    ...["gdalwarp", ...system],
    ...["-te", left, bottom, right, top, "-ts", onto.ncols, onto.nrows],
    quoted(sourceName(name)),
    into,
  ].join(" ");
}

/** GDAL's command that gives a raster the system of another one. */
function assignCommand(raster: NamedGrid, other: NamedGrid): string {
  const code = isPlainCode(other.grid.geoKeys) ? epsgCode(other.grid.geoKeys) : undefined;
  const file = fileOf(other);
  const system = code !== undefined ? `EPSG:${code}` : file === undefined ? "SYSTEM" : systemOfFile(file);
  return `gdal_edit.py -a_srs ${system} ${quoted(sourceName(raster.name))}`;
}

/** The first two of warped.tif, warped_2.tif, ... that are not in the working folder: one input may follow another. */
function freeNames(): [string, string] {
  const names: string[] = [];
  for (let n = 1; names.length < 2; n++) {
    const name = n === 1 ? "warped.tif" : `warped_${n}.tif`;
    if (!isThere(name)) names.push(name);
  }
  return names as [string, string];
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    // What may not be looked at can't be told apart from nothing; the command will say so.
    return false;
  }
}

/** Options of gdalwarp that say the target's system, where it is another than the source's; undefined if none can. */
function targetSystem(
  target: GridCrs,
  { source, file }: { source: GridCrs; file: string | undefined },
): string[] | undefined {
  if (sameGridCrs(target, source)) return [];
  if (isWithoutCrs(target) || isWithoutCrs(source)) return undefined;
  // GDAL takes such coordinates for degrees.
  if (hasOwnAngularUnit(target.geoKeys) || hasOwnAngularUnit(source.geoKeys)) return undefined;
  const code = epsgCode(target.geoKeys);
  if (isPlainCode(target.geoKeys) && code !== epsgCode(source.geoKeys)) return ["-t_srs", `EPSG:${code}`];
  return file === undefined ? undefined : ["-t_srs", systemOfFile(file)];
}

/** The system of a file as a word of a shell. */
function systemOfFile(file: string): string {
  // gdalsrsinfo begins with an empty line, behind which GDAL's tools look for nothing.
  return `"$(gdalsrsinfo -o wkt2_2019 ${quoted(sourceName(file))} | grep .)"`;
}

function fileOf({ name, isFile }: NamedGrid): string | undefined {
  return isFile === false ? undefined : name;
}

/** A raster that neither a tag nor a sidecar places has GDAL's default geotransform. */
function isPlaceless({ geotransform }: PixelGrid): boolean {
  return geotransform.join() === "0,1,0,0,0,1";
}

function isWarpable({ grid, isFile }: NamedGrid): boolean {
  return isFile !== false && !isPlaceless(grid);
}

/** The same area in pixels of the same size, north up and east to the right. */
function northUp(grid: PixelGrid): PixelGrid {
  const [x, width, rotation, y, skew, height] = grid.geotransform;
  const left = Math.min(x, x + grid.ncols * width);
  const top = Math.max(y, y + grid.nrows * height);
  return { ...grid, geotransform: [left, Math.abs(width), rotation, top, skew, -Math.abs(height)] };
}

/** What GDAL calls a file: URLs have a prefix, and a name must not look like an option. */
function sourceName(name: string): string {
  if (isRemote(name)) return `/vsicurl/${name}`;
  return name.startsWith("-") ? `./${name}` : name;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
