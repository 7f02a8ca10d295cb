/**
 * Making a list of files short enough for one argument of a command, by folders in which they lie.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { RasterError } from "../core/errors.ts";

/**
 * How long the list may be, bytes. Linux takes no argument of more than 128 KiB (execve(2), MAX_ARG_STRLEN), and there is
 * more in that one than these. With it some thousand files are listed one by one.
 */
const MOST_BYTES = 64 << 10;

/** A list of paths that is short enough. */
export interface ShortList {
  /** Files and folders, as absolute paths. */
  readonly paths: readonly string[];
  /** Those of them that are folders and stand for the files in them. */
  readonly folders: readonly string[];
}

/** How a list is shortened. */
export interface CommonFoldersOptions {
  /** How long it may be. Default 64 KiB. */
  readonly mostBytes?: number;
  /** The user's home folder, which never stands for files in it: it holds keys and passwords, as do those above it. */
  readonly home?: string | undefined;
}

/**
 * The files themselves while their list is short enough; else folders stand for the files in them, those first that shorten
 * it most, and no more of them than are needed.
 *
 * @param files absolute paths.
 * @throws {RasterError} if nothing below the root folder and the home folder is short enough.
 */
export function commonFolders(files: Iterable<string>, options: CommonFoldersOptions = {}): ShortList {
  const { mostBytes = MOST_BYTES, home = "/" } = options;
  const listed = new Set(files);
  const folders = new Set<string>();
  let bytes = lengthOf(listed);
  while (bytes > mostBytes) {
    for (const { folder, paths, pathBytes } of bestFirst(listed)) {
      if (bytes <= mostBytes) break;
      for (const path of paths) {
        listed.delete(path);
        folders.delete(path);
      }
      listed.add(folder);
      folders.add(folder);
      bytes += lengthOf([folder]) - pathBytes;
    }
    dropCovered(listed, folders);
    bytes = lengthOf(listed);
    const tooWide = [...folders].find((folder) => folder === "/" || `${home}/`.startsWith(`${folder}/`));
    if (tooWide !== undefined) {
      throw new RasterError(
        `So many inputs can't be permitted to confined workers one by one, and what they have in common is '${tooWide}', ` +
          "which is too much: put them into one folder of their own",
      );
    }
  }
  return { paths: [...listed], folders: [...folders].sort() };
}

/** A folder and those entries of the list that lie right in it. */
interface Group {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly pathBytes: number;
}

/** The groups that shorten the list most come first; if no folder has two entries, the deepest. */
function bestFirst(listed: ReadonlySet<string>): Group[] {
  const groups = [...Map.groupBy(listed, (path) => dirname(path))].map(([folder, paths]): Group => ({
    folder,
    paths,
    pathBytes: lengthOf(paths),
  }));
  const shared = groups.filter(({ paths }) => paths.length > 1);
  if (shared.length > 0) return shared.sort((a, b) => b.pathBytes - a.pathBytes);
  const depth = ({ folder }: Group) => folder.split("/").length;
  return groups.sort((a, b) => depth(b) - depth(a));
}

/** What lies in a folder of the list need not stand in it. */
function dropCovered(listed: Set<string>, folders: Set<string>): void {
  for (const path of listed) {
    for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
      if (!folders.has(above)) continue;
      listed.delete(path);
      folders.delete(path);
      break;
    }
  }
}

const encoder = new TextEncoder();

function lengthOf(paths: Iterable<string>): number {
  let bytes = 0;
  // A comma stands between two of them.
  for (const path of paths) bytes += encoder.encode(path).byteLength + 1;
  return bytes;
}
