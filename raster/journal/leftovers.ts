/**
 * What an earlier run left beside outputs that are to be written anew.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import { NotRegularFileError, openRegularFile } from "../../core/regular_file.ts";
import { PART_MARK } from "../geotiff/geotiff_writer.ts";
import { journalPath } from "../output/journal_path.ts";
import { partPath } from "../output/part_file.ts";
import { writeError } from "../output/write_error.ts";
import { isCompleteJournal } from "./read_journal.ts";

/** How a TIFF of ours begins: little-endian, classic or BigTIFF. */
const TIFF_MARKS = [Uint8Array.of(0x49, 0x49, 42, 0), Uint8Array.of(0x49, 0x49, 43, 0)];

/**
 * Makes sure that no unfinished run's blocks would be lost by writing these outputs.
 *
 * @param paths the real paths of the outputs, whose locks are held.
 * @throws {ConfigError} if there is a journal, or a part file of which a journal elsewhere tells.
 */
export function requireNoLeftovers(paths: readonly string[]): void {
  for (const path of paths) {
    const journal = journalPath(path);
    if (isFile(journal)) {
      if (!isFile(partPath(path)) && !(isFile(path) && isCompleteJournal(journal))) {
        throw new ConfigError(
          `'${journal}' is there: a run of '${path}' did not end. What it had done was in '${
            partPath(path)
          }', which is gone: ` +
            `use --restart (restart: true) to begin anew`,
        );
      }
      throw new ConfigError(
        `'${journal}' is there: a run of '${path}' did not end. Use --resume (resume: true) to go on with what it has ` +
          `done, or --restart (restart: true) to begin anew`,
      );
    }
    const part = partPath(path);
    if (isWorthKeeping(part)) {
      throw new ConfigError(
        `'${part}' holds blocks of a run that did not end, whose journal stands beside its first output. Use --resume ` +
          `(resume: true) with the outputs of that run to go on with it, or --restart (restart: true) to begin anew`,
      );
    }
  }
}

/** Removes the journals beside these outputs; their part files are then worth nothing. */
export function removeJournals(paths: readonly string[], onNotice: (line: string) => void): void {
  for (const path of paths.map(journalPath)) {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw writeError(path, error, "it could not be removed");
    }
    onNotice(`Removed '${path}' of an earlier run`);
  }
}

/** Whether a file is there. */
export function isFile(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw writeError(path, error);
  }
}

function isWorthKeeping(part: string): boolean {
  if (!isFile(part)) return false;
  const start = new Uint8Array(PART_MARK.byteLength);
  try {
    using file = openRegularFile(part);
    file.readSync(start);
  } catch (error) {
    // Whatever it is, it holds no blocks of ours; an output that needs its place is refused later.
    if (error instanceof NotRegularFileError) return false;
    throw writeError(part, error, "it could not be read");
  }
  return [PART_MARK, ...TIFF_MARKS].some((mark) => mark.every((byte, index) => start[index] === byte));
}
