/**
 * The file of `--report`.
 *
 * @module
 */
import { ConfigError, messageOf } from "../core/errors.ts";

/**
 * Makes sure, before the run, that a report could be written: hours later it would be late to hear that it can't.
 *
 * @returns writes the report, over what stood there.
 * @throws {ConfigError} if the file can't be written.
 */
export async function openReport(path: string): Promise<(page: string) => Promise<void>> {
  try {
    const there = await regularFileAt(path);
    (await Deno.open(path, { write: true, createNew: !there })).close();
    if (!there) await Deno.remove(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such folder"
      : error instanceof Deno.errors.IsADirectory
      ? "it is a folder"
      : error instanceof Deno.errors.NotADirectory
      ? "a part of its path is a file, not a folder"
      : messageOf(error);
    throw new ConfigError(`Cannot write '${path}' of --report: ${why}. Name another file`, { cause: error });
  }
  // A user function that shares this process may change the working folder.
  const absolute = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
  return (page) => Deno.writeTextFile(absolute, page);
}

/** Whether the file is there. Opening a named pipe would wait for its reader. */
async function regularFileAt(path: string): Promise<boolean> {
  const there = await Deno.lstat(path).catch(() => undefined);
  if (!there) return false;
  const target = there.isSymlink ? await Deno.stat(path).catch(() => undefined) : there;
  if (!target) throw new Error("it is a symbolic link that leads nowhere");
  if (!target.isFile && !target.isDirectory) throw new Error("it is no regular file");
  return true;
}
