/**
 * Whether the outputs of a run can stand where they are to stand.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { ConfigError, errorCode, RasterError } from "../../core/errors.ts";
import { FileClaims, localPath, type NamedFilePath, statOf } from "./file_claims.ts";
import { journalPath } from "./journal_path.ts";
import { lockPath } from "./output_lock.ts";
import { partPath } from "./part_file.ts";
import { writeError } from "./write_error.ts";

/** An output by the name that the user gave it. */
export interface NamedPath {
  /** Its name in the user function. */
  readonly name: string;
  /** Its path or URL. */
  readonly path: string | URL;
}

/** The files of a run besides its outputs. */
export interface OtherFiles {
  /** Files that it reads: inputs, the reference, the user function's modules and what else it was told by a file. */
  readonly read: readonly NamedFilePath[];
  /** Files that it writes, such as its report. */
  readonly written: readonly NamedFilePath[];
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

/**
 * Finds the real files of the outputs and checks that each can be written and is no other's.
 *
 * @throws {ConfigError} if an output, or another file that is written, is given twice or is one that is read, however
 *   they are spelled or linked.
 * @throws {RasterError} if an output's folder is missing, or if it is no regular file.
 */
export function resolveOutputs(outputs: readonly NamedPath[], others: OtherFiles): ResolvedOutput[] {
  const claims = new FileClaims();
  for (const file of others.read) claims.read(file);
  const resolved = outputs.map(({ name, path }) => {
    const local = localPath(path);
    if (local === undefined) {
      throw new ConfigError(`Output ${name} '${path}' is not a local path; write it here and copy it there`);
    }
    const realPath = realOutputPath(name, local);
    claims.write(
      { what: `output ${name}`, path: local },
      [partPath(realPath), lockPath(realPath), journalPath(realPath)],
    );
    return { name, path: local, realPath };
  });
  for (const file of others.written) claims.write(file);
  return resolved;
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

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
