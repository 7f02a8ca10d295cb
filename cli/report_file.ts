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
  const isNew = await Deno.lstat(path).then(() => false, () => true);
  try {
    (await Deno.open(path, { write: true, create: true })).close();
    if (isNew) await Deno.remove(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such folder"
      : error instanceof Deno.errors.IsADirectory
      ? "it is a folder"
      : messageOf(error);
    throw new ConfigError(`Cannot write '${path}' of --report: ${why}. Name another file`, { cause: error });
  }
  return (page) => Deno.writeTextFile(path, page);
}
