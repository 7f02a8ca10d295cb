/**
 * Files beside local rasters, found by their names as GDAL finds them, and read no further than they may be of use.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { messageOf, RasterError } from "../../core/errors.ts";
import { inCapitals } from "./sidecar_names.ts";

/** As GDAL's GDAL_READDIR_LIMIT_ON_OPEN: larger folders are not listed, as the file system is asked faster. */
const LISTED_NAMES = 1000;
/** For each raster some ten names would be asked for, so that with many rasters even a large folder is listed faster. */
const LISTED_NAMES_A_RASTER = 20;

/** What there is of a file beside a raster. */
export interface SidecarText {
  /** Its text, or the beginning of it. */
  readonly text: string;
  /** Its length, bytes. */
  readonly byteLength: number;
  /** Whether there is more of it. */
  readonly isCut: boolean;
}

/** Finds and reads files beside rasters. */
export interface Siblings {
  /** The path or URL of the file that lies beside others under `name`; undefined if there is none. */
  find(name: string): Promise<string | undefined>;
  /**
   * Reads a file that was found, as UTF-8.
   *
   * @returns undefined if it can't be read after all.
   */
  read(path: string, mostBytes: number): Promise<SidecarText | undefined>;
}

/** Files in local folders. Each folder is listed once: make a new object to see what has changed. */
export class LocalSiblings implements Siblings {
  readonly #folders = new Map<string, Promise<FolderNames | undefined>>();
  readonly #mostNames: number;

  /** @param rasters for how many rasters files will be looked for, about. */
  constructor(rasters = 1) {
    this.#mostNames = Math.max(LISTED_NAMES, LISTED_NAMES_A_RASTER * rasters);
  }

  /** In a folder of up to 1000 names small and capital letters are alike; in a larger one only extensions are. */
  async find(name: string): Promise<string | undefined> {
    const folder = dirname(name);
    let listing = this.#folders.get(folder);
    if (!listing) this.#folders.set(folder, listing = listNames(folder, this.#mostNames));
    const names = await listing;
    if (!names) return await firstFile([name, inCapitals(name)]);
    const own = basename(name);
    if (names.exact.has(own)) return name;
    const other = names.byLowerCase.get(own.toLowerCase());
    return other === undefined ? undefined : join(folder, other);
  }

  async read(path: string, mostBytes: number): Promise<SidecarText | undefined> {
    try {
      // What is no file could be a FIFO, which nobody may ever write to.
      const { isFile, size } = await Deno.stat(path);
      if (!isFile) return undefined;
      using file = await Deno.open(path, { read: true });
      const bytes = new Uint8Array(Math.min(size, mostBytes));
      let filled = 0;
      while (filled < bytes.length) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      const text = new TextDecoder().decode(bytes.subarray(0, filled));
      return { text, byteLength: size, isCut: size > mostBytes };
    } catch (error) {
      if (isOutOfReach(error)) return undefined;
      throw new RasterError(`Cannot read '${path}': ${messageOf(error)}`, { cause: error });
    }
  }
}

interface FolderNames {
  readonly exact: ReadonlySet<string>;
  readonly byLowerCase: ReadonlyMap<string, string>;
}

async function listNames(folder: string, mostNames: number): Promise<FolderNames | undefined> {
  const exact = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (exact.add(name).size > mostNames) return undefined;
    }
  } catch {
    // Whatever it is, a folder that can't be listed may still be entered: each name is asked for by itself.
    return undefined;
  }
  return { exact, byLowerCase: new Map([...exact].map((name) => [name.toLowerCase(), name])) };
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch (error) {
      if (isOutOfReach(error)) continue;
      throw new RasterError(`Cannot read '${path}': ${messageOf(error)}`, { cause: error });
    }
  }
  return undefined;
}

/** A file that is not there or must not be read says nothing; GDAL passes it over, too. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotADirectory;
}
