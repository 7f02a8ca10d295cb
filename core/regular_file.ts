/**
 * Opening files that an earlier run is said to have left. In a folder that others may write to, anything can stand at
 * their place: a link to somebody's file, which would be overwritten, or a named pipe, which would be waited for.
 *
 * @module
 */
import { BlockfleetError } from "./errors.ts";

/** Something else than a regular file stands at a path. The message says what it is, without the path. */
export class NotRegularFileError extends BlockfleetError {
  /** The error's name. */
  override readonly name = "NotRegularFileError";
}

/** A file is replaced by others of ours once or twice; more often is no accident. */
const MOST_TRIES = 20;

/**
 * Opens the regular file at `path` itself, not one that a link there leads to.
 *
 * Deno can't pass O_NOFOLLOW and O_NONBLOCK to open(2), so the path is looked at before and after: what was put there in
 * between is noticed before a byte is read or written.
 *
 * @throws {NotRegularFileError} if it is a link, a folder, a named pipe or the like; or, for writing, if the file has other
 *   names (hard links), through which somebody else's file would change.
 * @throws what Deno throws if there is nothing or it can't be opened.
 */
export function openRegularFile(path: string, options: { readonly write?: boolean } = {}): Deno.FsFile {
  for (let tries = 1;; tries++) {
    const file = openUnlessSwapped(path, options.write ?? false);
    if (file) return file;
    if (tries === MOST_TRIES) throw new NotRegularFileError("it is replaced again and again");
  }
}

/** The file, or undefined if another was put in its place in this moment, as renames do. */
function openUnlessSwapped(path: string, write: boolean): Deno.FsFile | undefined {
  const there = Deno.lstatSync(path);
  const kind = kindOf(there);
  if (kind !== undefined) throw new NotRegularFileError(`it is ${kind}, not a regular file`);
  if (write && there.nlink !== null && there.nlink > 1) {
    throw new NotRegularFileError("it has a second name (a hard link)");
  }
  const file = Deno.openSync(path, { read: true, write });
  try {
    const opened = file.statSync();
    if (opened.dev === there.dev && opened.ino === there.ino) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** What stands at a path if it is no regular file, with its article. */
function kindOf(info: Deno.FileInfo): string | undefined {
  if (info.isSymlink) return "a symbolic link";
  if (info.isDirectory) return "a folder";
  if (info.isFifo) return "a named pipe";
  if (info.isSocket) return "a socket";
  return info.isFile ? undefined : "a device";
}
