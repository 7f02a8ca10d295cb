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
import { isFileUrl, isUrl } from "../source/location.ts";
import { writeError } from "./write_error.ts";

/** A file of the run, as it was given. */
export interface NamedFilePath {
  /** What it is, for people: "input img", "the file of --args". */
  readonly what: string;
  /** Its path or URL. */
  readonly path: string | URL;
}

/** Files that a run reads, and files that it writes whose names lead to others beside them. */
export class FileClaims {
  /** By real path, and by device and number, which hard links share. */
  readonly #owners = new Map<string, { readonly what: string; readonly path: string }>();

  /** Notes a file that is read. What is elsewhere (http) or not there can't be overwritten. */
  read({ what, path }: NamedFilePath): void {
    const local = localPath(path);
    const stat = local === undefined ? undefined : statOf(local);
    if (local === undefined || !stat) return;
    // What a shell hands over (/dev/stdin, /dev/fd/63) is there and has no path of its own.
    for (const key of [realPathOf(local), identityOf(stat)]) {
      if (key !== undefined) this.#owners.set(key, { what, path: local });
    }
  }

  /**
   * Notes a file that is written, after all that are read.
   *
   * @param besides real paths of files that are written beside it.
   * @throws {ConfigError} if one of them is a file that is read, or that is written already.
   */
  write({ what, path }: NamedFilePath, besides: readonly string[] = []): void {
    const local = localPath(path) ?? String(path);
    const stat = statOf(local);
    const keys = [realPathOf(local), ...besides, stat && identityOf(stat)].filter((key) => key !== undefined);
    for (const key of keys) {
      const other = this.#owners.get(key);
      if (other === undefined) continue;
      const spelled = other.path === local ? "" : ` ('${other.path}')`;
      const orBeside = besides.length === 0 ? "" : ", or one that goes with it";
      throw new ConfigError(
        `'${local}' (${what}) is the same file as ${other.what}${spelled}${orBeside}; give it a path of its own`,
      );
    }
    for (const key of keys) this.#owners.set(key, { what, path: local });
  }
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
