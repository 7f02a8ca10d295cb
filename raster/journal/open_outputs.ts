/**
 * The beginning of a run's outputs: anew, or where an earlier run ended.
 *
 * @module
 */
import { AbortedError } from "../../core/errors.ts";
import { withKeptNote } from "../../core/kept_note.ts";
import type { Payload } from "../../core/payload.ts";
import { type BlockGrid, totalBlocks } from "../block_list.ts";
import { journalPath } from "../output/journal_path.ts";
import { type LockOutputsOptions, OutputSet, type PlannedOutput } from "../output/output_set.ts";
import { JOURNAL_FORMAT } from "./journal_records.ts";
import { JournaledOutputs } from "./journaled_outputs.ts";
import { isFile, removeJournals, requireNoLeftovers } from "./leftovers.ts";
import { blockRecords, type JournalState, nothingToResumeError, readJournal } from "./read_journal.ts";
import { inTurns, restoreBlocks } from "./restore_blocks.ts";
import { placesOf, type RunFacts } from "./run_facts.ts";
import { RunJournal } from "./run_journal.ts";

/** Options of {@linkcode openOutputs}. */
export interface OpenOutputsOptions extends LockOutputsOptions {
  /** The block list. */
  readonly blocks: BlockGrid;
  /** What decides the outputs, all but their paths. */
  readonly facts: RunFacts;
  /** What to do about a journal that is there: go on from it, remove it with all that it tells of, or stop. */
  readonly leftovers: "resume" | "restart" | "refuse";
  /** Ends the reading of an earlier run's blocks. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of each block that an earlier run has done, and of its other args. */
  readonly onRestored: (block: number, args: Payload | undefined) => void;
  /** Hears, at once, that the journal can't be written any more. */
  readonly onFailure: (error: unknown) => void;
  /** Hears each line that the user should see. */
  readonly onNotice: (line: string) => void;
}

/** The outputs, locked, and what this run is. */
interface Beginning {
  readonly outputs: OutputSet;
  readonly options: OpenOutputsOptions;
  readonly paths: readonly string[];
  readonly blockCount: number;
  /** The journal's path; undefined for a run without outputs. */
  readonly path: string | undefined;
  /** All facts. */
  readonly facts: RunFacts;
}

/**
 * Locks the outputs and creates their part files, or opens those of an earlier run. If anything fails, what was there
 * before is as it was.
 *
 * @throws {ConfigError} if an output is given twice or is an input too, if an earlier run left a journal and
 * `leftovers` is `refuse`, or if the journal is of another run.
 * @throws {LockedError} if another run holds one of the outputs.
 * @throws {RasterError} if one can't be written, or the journal is damaged.
 * @throws {AbortedError} if `signal` is aborted.
 */
export async function openOutputs(
  planned: readonly PlannedOutput[],
  options: OpenOutputsOptions,
): Promise<JournaledOutputs> {
  if (planned.length === 0 && options.leftovers === "resume") {
    throw nothingToResumeError();
  }
  const outputs = await OutputSet.lock(planned, options);
  try {
    return await begin(outputs, options);
  } catch (error) {
    outputs.leave();
    throw error;
  }
}

async function begin(outputs: OutputSet, options: OpenOutputsOptions): Promise<JournaledOutputs> {
  const { leftovers, onNotice, blocks } = options;
  const paths = outputs.outputs.map(({ realPath }) => realPath);
  const { x, y } = totalBlocks(blocks);
  const path = paths.length === 0 ? undefined : journalPath(paths[0]!);
  const facts = { ...options.facts, ...path === undefined ? {} : placesOf(outputs.outputs, path) };
  const beginning: Beginning = { outputs, options, paths, blockCount: x * y, path, facts };
  if (leftovers === "restart") removeJournals(paths, onNotice);
  else if (leftovers === "refuse" || !isFile(path!)) requireNoLeftovers(paths);
  else {
    const state = stateOf(beginning, path!);
    if (state) return await resume(beginning, state);
  }
  if (leftovers === "resume") onNotice(`There is nothing to resume at '${path}': beginning anew`);
  try {
    outputs.createParts(onNotice);
  } catch (error) {
    outputs.abort();
    throw error;
  }
  return new JournaledOutputs({
    ...{ outputs, blocks, done: [], formats: undefined },
    earlierRuns: outputs.takenFrom,
    journal: startJournal(beginning),
  });
}

/** What there is to go on with; if it is nothing, its journal is removed. */
function stateOf({ paths, blockCount, facts, options }: Beginning, path: string): JournalState | undefined {
  const { onNotice } = options;
  requireNoLeftovers(paths.slice(1).filter((other) => isFile(journalPath(other))));
  const state = readJournal(path, { facts, blockCount, outputCount: paths.length, onNotice });
  if (state && state.blocksDone > 0) return state;
  removeJournals(paths.slice(0, 1), onNotice);
  return undefined;
}

async function resume(beginning: Beginning, state: JournalState): Promise<JournaledOutputs> {
  const { outputs, options, blockCount } = beginning;
  const { blocks, onNotice } = options;
  onNotice(`Resuming run ${state.run}: ${state.blocksDone} of ${blockCount} blocks are done`);
  let done: readonly number[];
  try {
    done = state.complete
      ? await findComplete(beginning, state, state.complete)
      : await restoreBlocks(outputs, state, options);
  } catch (error) {
    if (!(error instanceof AbortedError)) throw error;
    const note =
      "What the earlier run has done is still kept: run it again with --resume (resume: true) to go on";
    throw withKeptNote(error, note);
  }
  return new JournaledOutputs({
    ...{ outputs, blocks, done, formats: state.formats },
    earlierRuns: [...new Set([...state.runs, ...outputs.takenFrom])],
    journal: startJournal(beginning, {
      goodBytes: state.goodBytes,
      blocks: done.length,
      isComplete: state.complete !== undefined,
    }),
  });
}

/** All that is left to do is to give the files their names. */
async function findComplete(
  { outputs, options, blockCount }: Beginning,
  state: JournalState,
  byteLengths: readonly number[],
): Promise<readonly number[]> {
  outputs.findFinished(byteLengths.map((byteLength, index) => {
    const { type, bands } = state.formats[index]!;
    return { byteLength, format: { dataType: type, bands } };
  }));
  for await (const { block, args } of inTurns(blockRecords(state), options.signal)) {
    options.onRestored(block, args);
  }
  return Array.from({ length: blockCount }, (_, block) => block);
}

function startJournal(
  { path, blockCount, facts, outputs, options }: Beginning,
  resumed?: { readonly goodBytes: number; readonly blocks: number; readonly isComplete: boolean },
): RunJournal | undefined {
  if (path === undefined) return undefined;
  const { runId, onFailure } = options;
  return new RunJournal({
    header: { kind: "header", format: JOURNAL_FORMAT, run: runId, blockCount, facts },
    ...{ path, outputs, resumed, onFailure },
  });
}
