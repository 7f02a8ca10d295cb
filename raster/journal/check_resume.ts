/**
 * Whether an earlier run's outputs can be gone on with, found out without a lock and without a change to them.
 *
 * @module
 */
import { type BlockGrid, totalBlocks } from "../block_list.ts";
import { FinishedPart } from "../output/finished_part.ts";
import { journalPath } from "../output/journal_path.ts";
import { missingPartError, PartFile } from "../output/part_file.ts";
import type { ResolvedOutput } from "../output/output_paths.ts";
import { isFile, requireNoLeftovers } from "./leftovers.ts";
import { type JournalState, nothingToResumeError, readJournal } from "./read_journal.ts";
import { placesOf, type RunFacts } from "./run_facts.ts";

/** What a run would be gone on with. */
export interface CheckResumeOptions {
  /** The block list. */
  readonly blocks: BlockGrid;
  /** What decides the outputs, all but their paths. */
  readonly facts: RunFacts;
  /** Hears each line that the user should see. */
  readonly onNotice: (line: string) => void;
}

/**
 * Makes sure that the journal, if there is one, is of a run like this one, and that the files of which it tells are there.
 *
 * @throws {ConfigError} if there are no outputs, or the journal is of another run.
 * @throws {RasterError} if the journal is damaged, or a part file is missing.
 */
export function checkResume(outputs: readonly ResolvedOutput[], options: CheckResumeOptions): void {
  const paths = outputs.map(({ realPath }) => realPath);
  const [first, ...others] = paths;
  if (first === undefined) throw nothingToResumeError();
  const path = journalPath(first);
  const { x, y } = totalBlocks(options.blocks);
  let state: JournalState | undefined;
  if (!isFile(path)) requireNoLeftovers(paths);
  else {
    requireNoLeftovers(others.filter((other) => isFile(journalPath(other))));
    state = readJournal(path, {
      facts: { ...options.facts, ...placesOf(outputs, path) },
      blockCount: x * y,
      outputCount: paths.length,
      // It tells of a torn end that is cut off, which nobody does here.
      onNotice: () => {},
    });
  }
  if (!state || state.blocksDone === 0) {
    options.onNotice(`There is nothing to resume at '${path}': the run would begin anew`);
    return;
  }
  requireFiles(paths, state);
  options.onNotice(`Run ${state.run} would be resumed: ${state.blocksDone} of ${x * y} blocks are done`);
}

function requireFiles(paths: readonly string[], { complete, formats }: JournalState): void {
  for (const [index, path] of paths.entries()) {
    if (complete) {
      const { type, bands } = formats[index]!;
      FinishedPart.find(path, { byteLength: complete[index]!, format: { dataType: type, bands } }).leave();
      continue;
    }
    const part = PartFile.reopen(path);
    if (!part) throw missingPartError(path);
    part.leave();
  }
}
