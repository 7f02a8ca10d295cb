/**
 * Which files a run reads and writes: nothing that it writes may be one of the others, however they are spelled or
 * linked. Checked before anything is written.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { ConfigError, errorCode } from "../../core/errors.ts";
import { pamName, tabFileName, tiffSidecarNames, worldFileNames } from "../sidecars/sidecar_names.ts";
import { isFileUrl, isUrl } from "../source/location.ts";
import { writeError } from "./write_error.ts";

/** A file of the run, as it was given. */
export interface NamedFilePath {
  /** What it is, for people: "input img", "the file of --args". */
  readonly what: string;
  /** Its path or URL. */
  readonly path: string | URL;
}

/** A file that is claimed. */
interface Claim extends NamedFilePath {
  readonly path: string;
  /** Where the file is, by its own name and by that of a link to it: files beside either describe it. */
  readonly places: readonly string[];
}

/** Files that a run reads, and files that it writes whose names lead to others beside them. */
export class FileClaims {
  /** By real path, and by device and number, which hard links share. */
  readonly #owners = new Map<string, Claim>();
  readonly #read: Claim[] = [];
  readonly #written: Claim[] = [];

  /** Notes a file that is read. What is elsewhere (http) or not there can't be overwritten. */
  read({ what, path }: NamedFilePath): void {
    const local = localPath(path);
    const stat = local === undefined ? undefined : statOf(local);
    if (local === undefined || !stat) return;
    // What a shell hands over (/dev/stdin, /dev/fd/63) is there and has no path of its own.
    const real = realPathOf(local);
    const claim = { what, path: local, places: placesOf(local, real) };
    this.#read.push(claim);
    for (const key of [real, identityOf(stat)]) if (key !== undefined) this.#owners.set(key, claim);
  }

  /**
   * Notes a file that is written, after all that are read.
   *
   * @param besides real paths of files that are written beside it.
   * @throws {ConfigError} if one of them is a file that is read or that is written already, or lies beside such a raster and
   *   is read with it.
   */
  write({ what, path }: NamedFilePath, besides: readonly string[] = []): void {
    const local = localPath(path) ?? String(path);
    const stat = statOf(local);
    const real = realPathOf(local);
    const claim = { what, path: local, places: placesOf(local, real) };
    const keys = [real, ...besides, stat && identityOf(stat)].filter((key) => key !== undefined);
    const orBeside = besides.length === 0 ? "" : ", or one that goes with it";
    for (const key of keys) {
      const other = this.#owners.get(key);
      if (other) throw claimError(claim, `is the same file as ${named(other, claim)}${orBeside}`);
    }
    const described = stat && this.#read.find((other) => isSidecar(claim, other)) ||
      // An output may be meant as another's mask or overviews; a report can't be.
      besides.length === 0 && this.#written.find((other) => isSidecar(claim, other));
    if (described) throw claimError(claim, `is read with ${named(described, claim)}, which it lies beside`);
    for (const key of keys) this.#owners.set(key, claim);
    this.#written.push(claim);
  }
}

function claimError({ path, what }: Claim, why: string): ConfigError {
  return new ConfigError(`'${path}' (${what}) ${why}; give it a path of its own`);
}

function named(claim: Claim, beside: Claim): string {
  return claim.path === beside.path ? claim.what : `${claim.what} ('${claim.path}')`;
}

/** How files are called that describe a raster beside them. */
const SIDECAR = /\.(aux\.xml|ovr|msk|tab|wld|\w+w)$/i;

function isSidecar(claim: Claim, raster: Claim): boolean {
  if (!SIDECAR.test(claim.path)) return false;
  return raster.places.some((place) => {
    const { overviews, mask, maskOverviews } = tiffSidecarNames(place);
    const names = [
      pamName(place),
      overviews,
      mask,
      maskOverviews,
      tabFileName(place),
      ...worldFileNames(place),
    ];
    return names.some((name) => claim.places.some((one) => one.toLowerCase() === name.toLowerCase()));
  });
}

function placesOf(path: string, real: string | undefined): string[] {
  const folder = realPathOf(dirname(path));
  return [...folder === undefined ? [] : [join(folder, basename(path))], ...real === undefined ? [] : [real]];
}

/** A path on this machine; undefined for URLs that are not of files. */
export function localPath(location: string | URL): string | undefined {
  const text = String(location);
  if (isFileUrl(text)) return fromFileUrl(text);
  return isUrl(text) ? undefined : text;
}

/** What a path leads to; undefined if nothing, or nothing that can be looked at. */
export function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || errorCode(error) === "ENOTDIR";
    if (absent || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw writeError(path, error);
  }
}

/** The path that a file has or, where it is not there yet, will have; undefined if it has no folder. */
function realPathOf(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return undefined;
  }
  try {
    return join(Deno.realPathSync(dirname(path)), basename(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || errorCode(error) === "ENOTDIR") return undefined;
    throw writeError(path, error);
  }
}

/** Device and number of a file, which its hard links share; undefined where the system has none. */
function identityOf(stat: Deno.FileInfo): string | undefined {
  return stat.ino === null || stat.ino === 0 ? undefined : `${stat.dev}:${stat.ino}`;
}
