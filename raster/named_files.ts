/**
 * Files by the names that the user function has for them.
 *
 * @module
 */
import { fromFileUrl } from "@std/path/from-file-url";
import { ConfigError } from "../core/errors.ts";
import type { ApplyOptions } from "./apply_options.ts";

/** One file as the user named it. */
export interface NamedFile {
  /** The name. */
  readonly name: string;
  /** Its place in a list; undefined if the name stands for one file. */
  readonly index: number | undefined;
  /** Path or URL. */
  readonly location: string;
}

/**
 * The files of an association of names, in order.
 *
 * @throws {ConfigError} if a name has no file.
 */
export function namedFiles(files: ApplyOptions["infiles"], what: string): NamedFile[] {
  return Object.entries(files ?? {}).flatMap(([name, given]): NamedFile[] => {
    if (!Array.isArray(given)) {
      return [{ name, index: undefined, location: locationOf(given, `${what} ${name}`) }];
    }
    if (given.length === 0) throw new ConfigError(`${what} '${name}' is an empty list of files`);
    return given.map((file, index) => ({ name, index, location: locationOf(file, `${what} ${name}`) }));
  });
}

/**
 * A path or URL as text; a `file:` URL object as a path.
 *
 * @param what what it is of, for errors: "input img".
 * @throws {ConfigError} if it is neither.
 */
export function locationOf(file: unknown, what: string): string {
  if (file instanceof URL) return file.protocol === "file:" ? fromFileUrl(file) : file.href;
  if (typeof file === "string" && file !== "") return file;
  throw new ConfigError(`${what} must be a path or URL, not ${file === "" ? "an empty text" : typeof file}`);
}
