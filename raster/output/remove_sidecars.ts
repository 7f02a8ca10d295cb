/**
 * What lay beside a file that an output has replaced, and described it: it would describe the new one now.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import {
  inCapitals,
  pamName,
  splitName,
  tiffSidecarNames,
  worldFileNames,
} from "../sidecars/sidecar_names.ts";
import { writeError } from "./write_error.ts";

/**
 * Extensions of other rasters that a world file may belong to, where they have the output's stem. The run's own files count
 * whatever they are called.
 */
const RASTER_EXTENSIONS: ReadonlySet<string> = new Set(
  "asc bil bip bmp bsq dem ecw gif img j2k jp2 jpeg jpg pcx png sid tif tiff vrt webp".split(" "),
);

/**
 * Removes statistics and other metadata (`.aux.xml`), overviews (`.ovr`), masks (`.msk`) and world files of the raster that
 * had this path, as GDAL does when it creates a file. A world file that another raster of the same stem uses, in small or capital letters,
 * stays.
 *
 * @param path the output, which has its final name already.
 * @param files the run's own files, inputs and outputs: one of them is no sidecar and stays.
 * @returns the paths of what was removed.
 * @throws {RasterError} if one can't be removed.
 */
export function removeSidecars(path: string, files: readonly string[]): string[] {
  const { overviews, mask, maskOverviews } = tiffSidecarNames(path);
  const own = [pamName(path), ...[overviews, mask, maskOverviews].flatMap(bothCases)];
  const world = worldFileNames(path).flatMap(bothCases).filter(isFileOrLink);
  const rasters = world.length === 0 ? [] : [...rastersBeside(path), ...namesBeside(path, files)];
  const ours = world.filter((one) => !rasters.some((raster) => usesWorldFile(raster, one)));
  const found = [...own.filter(isFileOrLink), ...ours];
  if (found.length === 0) return [];
  const kept = new Set(files.flatMap(identities));
  return found.filter((one) => !identities(one).some((id) => kept.has(id)) && remove(one, path));
}

/** What tells whether two paths lead to one file: its real path, and its device and number, which hard links share. */
function identities(path: string): string[] {
  try {
    const { dev, ino } = Deno.statSync(path);
    return [Deno.realPathSync(path), ...ino === null || ino === 0 ? [] : [`${dev}:${ino}`]];
  } catch (error) {
    // A link to nothing is no file of the run; nor is what can't be looked at.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return [];
    throw writeError(path, error);
  }
}

function bothCases(name: string): string[] {
  return [...new Set([name, inCapitals(name)])];
}

function rastersBeside(path: string): string[] {
  const [folder, own] = [dirname(path), basename(path)];
  const { stem } = splitName(own);
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => {
    const other = splitName(name);
    return name !== own && other.stem.toLowerCase() === stem.toLowerCase() &&
      RASTER_EXTENSIONS.has(other.extension.toLowerCase());
  });
}

/** The names of those files, other than the output, that are in its folder. */
function namesBeside(path: string, files: readonly string[]): string[] {
  const [folder] = identities(dirname(path));
  return files.filter((file) => basename(file) !== basename(path) && identities(dirname(file))[0] === folder)
    .map((file) => basename(file));
}

function usesWorldFile(raster: string, worldFile: string): boolean {
  const wanted = basename(worldFile).toLowerCase();
  return worldFileNames(raster).some((name) => name.toLowerCase() === wanted);
}

function isFileOrLink(path: string): boolean {
  try {
    const { isFile, isSymlink } = Deno.lstatSync(path);
    return isFile || isSymlink;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw writeError(path, error);
  }
}

/** Whether it was still there. */
function remove(sidecar: string, path: string): boolean {
  try {
    Deno.removeSync(sidecar);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw writeError(path, error, `'${sidecar}', which described the file before it, could not be removed`);
  }
}
