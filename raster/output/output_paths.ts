/**
 * Whether the outputs of a run can stand where they are to stand.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { ConfigError, RasterError } from "../../core/errors.ts";
import { journalPath } from "./journal_path.ts";
import { lockPath } from "./output_lock.ts";
import { partPath } from "./part_file.ts";
import { isFileUrl, isUrl } from "../source/location.ts";
import { errorCode, writeError } from "./write_error.ts";

/** An output or input by the name that the user gave it. */
export interface NamedPath {
  /** Its name in the user function. */
  readonly name: string;
  /** Its path or URL. */
  readonly path: string | URL;
}

/** An output with the path that its file really has. */
export interface ResolvedOutput {
  /** Its name in the user function. */
  readonly name: string;
  /** The path as it was given. */
  readonly path: string;
  /** The file's absolute path, symbolic links followed, so that a link keeps standing and its target is replaced. */
  readonly realPath: string;
}

/** Something that stands at a path already. */
interface Claim {
  /** What it is, for people: "input img". */
  readonly what: string;
  /** Its path as it was given. */
  readonly path: string;
}

/**
 * Finds the real files of the outputs and checks that each can be written and is no other's. Inputs that don't exist or
 * are elsewhere (http) are not looked at.
 *
 * @throws {ConfigError} if an output is given twice, or is an input too, however they are spelled or linked.
 * @throws {RasterError} if an output's folder is missing, or if it is no regular file.
 */
export function resolveOutputs(
  outputs: readonly NamedPath[],
  inputs: readonly NamedPath[],
): ResolvedOutput[] {
  const claims = new Map<string, Claim>();
  for (const { name, path } of inputs) {
    const local = localPath(path);
    if (local === undefined) continue;
    const stat = statOf(local);
    if (!stat) continue;
    const claim = { what: `input ${name}`, path: local };
    claims.set(Deno.realPathSync(local), claim);
    const identity = identityOf(stat);
    if (identity !== undefined) claims.set(identity, claim);
  }
  return outputs.map(({ name, path }) => {
    const local = localPath(path);
    if (local === undefined) {
      throw new ConfigError(`Output ${name} '${path}' is not a local path; write it here and copy it there`);
    }
    const realPath = realOutputPath(name, local);
    const stat = statOf(realPath);
    const besides = [partPath(realPath), lockPath(realPath), journalPath(realPath)];
    const keys = [realPath, ...besides, stat && identityOf(stat)];
    const claim: Claim = { what: `output ${name}`, path: local };
    for (const key of keys) {
      if (key === undefined) continue;
      const other = claims.get(key);
      if (other) throw sameFileError(claim, other);
    }
    for (const key of keys) if (key !== undefined) claims.set(key, claim);
    return { name, path: local, realPath };
  });
}

function sameFileError(output: Claim, other: Claim): ConfigError {
  const spelled = output.path === other.path ? "" : ` ('${other.path}')`;
  return new ConfigError(
    `Output '${output.path}' (${output.what}) is the same file as ${other.what}${spelled}, or one that goes with it; ` +
      `give it a path of its own`,
  );
}

function realOutputPath(name: string, path: string): string {
  if (path === "") throw new ConfigError(`Output ${name} has an empty path; give it one`);
  const folder = dirname(path);
  let realFolder: string;
  try {
    realFolder = Deno.realPathSync(folder);
    if (!Deno.statSync(realFolder).isDirectory) throw folderError(path, folder, "is not a folder");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw folderError(path, folder, "does not exist; make it first", error);
    }
    if (errorCode(error) === "ENOTDIR") throw folderError(path, folder, "is not a folder", error);
    throw error instanceof RasterError ? error : writeError(path, error);
  }
  const here = join(realFolder, basename(path));
  const stat = statOf(here);
  if (!stat) {
    if (isLink(here)) {
      throw new RasterError(`Cannot write '${path}': it is a symbolic link to nothing; remove it`);
    }
    return here;
  }
  if (stat.isDirectory) throw new RasterError(`Cannot write '${path}': it is a folder; give a file's path`);
  if (!stat.isFile) throw new RasterError(`Cannot write '${path}': it is not a regular file`);
  return Deno.realPathSync(here);
}

function folderError(path: string, folder: string, what: string, cause?: unknown): RasterError {
  return new RasterError(`Cannot write '${path}': its folder '${folder}' ${what}`, { cause });
}

/** A path on this machine; undefined for other URLs. */
export function localPath(location: string | URL): string | undefined {
  const text = String(location);
  if (isFileUrl(text)) return fromFileUrl(text);
  return isUrl(text) ? undefined : text;
}

/** What a path leads to; undefined if nothing, or nothing that can be looked at. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || errorCode(error) === "ENOTDIR";
    if (absent || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw writeError(path, error);
  }
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Device and number of a file, which its hard links share; undefined where the system has none. */
function identityOf(stat: Deno.FileInfo): string | undefined {
  return stat.ino === null || stat.ino === 0 ? undefined : `${stat.dev}:${stat.ino}`;
}
