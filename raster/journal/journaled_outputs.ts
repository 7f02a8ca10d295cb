/**
 * The outputs of a run and the journal that lets a later run go on with them.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { relative } from "@std/path/relative";
import { ConfigError, RasterError } from "../../core/errors.ts";
import type { Payload } from "../../core/payload.ts";
import type { OutputSummary } from "../apply_options.ts";
import { blockDefn, type BlockGrid, totalBlocks } from "../block_list.ts";
import type { MetadataItem } from "../geotiff/gdal_metadata_encode.ts";
import type { EncodedTiles } from "../geotiff/tile_encoder.ts";
import { journalPath } from "../output/journal_path.ts";
import { type LockOutputsOptions, OutputSet, type PlannedOutput } from "../output/output_set.ts";
import { partPath } from "../output/part_file.ts";
import { type HeaderRecord, JOURNAL_FORMAT, type OutputFormat } from "./journal_records.ts";
import { isFile, removeJournals, requireNoLeftovers } from "./leftovers.ts";
import { blockRecords, type JournalState, readJournal } from "./read_journal.ts";
import { inTurns, restoreBlocks } from "./restore_blocks.ts";
import type { RunFacts } from "./run_facts.ts";
import { RunJournal } from "./run_journal.ts";

/** Options of {@linkcode JournaledOutputs.open}. */
export interface JournaledOutputsOptions extends LockOutputsOptions {
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

/** A block's tiles in one output, as they came from the worker. */
export interface NewTiles extends EncodedTiles {
  /** CRC-32C of each tile. */
  readonly crcs: Uint32Array<ArrayBuffer>;
}

/** What a block gives. */
export interface NewBlock {
  /** The block. */
  readonly block: number;
  /** Its tiles, one an output in their order. */
  readonly outputs: readonly NewTiles[];
  /** Its copy of other args, packed, if the user's module merges them. */
  readonly args: Payload | undefined;
}

/** Between two blocks that come in a row the locks are not read again. */
const LOCK_CHECK_MS = 100;

/** See the module. Call `commit()` at the end, `abandon()` after a failure. */
export class JournaledOutputs {
  readonly #outputs: OutputSet;
  readonly #options: JournaledOutputsOptions;
  readonly #path: string | undefined;
  #journal: RunJournal | undefined;
  #formats: readonly OutputFormat[] | undefined;
  #done: readonly number[] = [];
  #locksCheckedMs = 0;
  #argsChanged = false;
  #settled = false;

  private constructor(outputs: OutputSet, options: JournaledOutputsOptions) {
    this.#outputs = outputs;
    this.#options = options;
    const [first] = outputs.outputs;
    this.#path = first && journalPath(first.realPath);
  }

  /**
   * Locks the outputs and creates their part files, or opens those of an earlier run. If anything fails, what was there
   * before is as it was.
   *
   * @throws {ConfigError} if an output is given twice or is an input too, if an earlier run left a journal and
   * `leftovers` is `refuse`, or if the journal is of another run.
   * @throws {LockedError} if another run holds one of the outputs.
   * @throws {RasterError} if one can't be written, or the journal is damaged.
   */
  static async open(
    planned: readonly PlannedOutput[],
    options: JournaledOutputsOptions,
  ): Promise<JournaledOutputs> {
    if (planned.length === 0 && options.leftovers === "resume") {
      throw new ConfigError("There is nothing to resume: only a run with outputs keeps what it has done");
    }
    const outputs = await OutputSet.lock(planned, options);
    const opened = new JournaledOutputs(outputs, options);
    try {
      await opened.#begin();
      return opened;
    } catch (error) {
      opened.#journal?.close();
      outputs.leave();
      throw error;
    }
  }

  /** Blocks that an earlier run has done. */
  get done(): readonly number[] {
    return this.#done;
  }

  /** The outputs' pixel types and bands, in their order, once the first block has fixed them. */
  get formats(): readonly OutputFormat[] | undefined {
    return this.#formats;
  }

  /**
   * Fixes the outputs' pixel types and bands, before the first block.
   *
   * @throws {ConfigError} if an output can't be so.
   */
  setFormats(formats: readonly OutputFormat[]): void {
    const { outputs } = this.#outputs;
    formats.forEach(({ type, bands }, index) => {
      this.#outputs.writer(outputs[index]!.name).setFormat(type, bands);
    });
    this.#formats = formats;
    this.#journal?.add({ kind: "formats", formats });
  }

  /**
   * Writes a block. It is kept, whatever happens, once the journal has it: within a second.
   *
   * @throws {LockedError} if a lock has passed to another run.
   * @throws {RasterError} if it can't be written, or is not what a block should be.
   */
  accept({ block, outputs: encoded, args }: NewBlock): void {
    this.#checkLocks();
    const { outputs } = this.#outputs;
    const defn = blockDefn(this.#options.blocks, block);
    const places = encoded.map(({ bytes, lengths, crcs }, index) => {
      if (crcs.length !== lengths.length) {
        const { path } = outputs[index]!;
        throw new RasterError(
          `A result for '${path}' has ${crcs.length} checksums for ${lengths.length} tiles`,
        );
      }
      const { offset } = this.#outputs.writer(outputs[index]!.name).append(defn, { bytes, lengths });
      return { offset, lengths, crcs };
    });
    this.#journal?.add({ kind: "block", block, outputs: places, statistics: [], args });
  }

  /** The user function has changed its worker's copy of other args: a later run could not know how. */
  noteArgsChanged(): void {
    if (this.#argsChanged) return;
    this.#argsChanged = true;
    this.#journal?.add({ kind: "argsChanged" });
  }

  /**
   * Completes all files, says so in the journal, gives the files their final names, and removes the journal.
   *
   * @param metadata what is only known now, such as statistics, by the output's name.
   * @returns what was made, in the order of the outputs.
   * @throws {LockedError} if a lock has passed to another run.
   * @throws {RasterError} if a file is not complete, or can't be written or renamed.
   */
  async commit(
    metadata: Readonly<Record<string, readonly MetadataItem[]>> = {},
  ): Promise<OutputSummary[]> {
    if (this.#journal && !this.#journal.isComplete) {
      await this.#journal.complete(this.#outputs.finish(metadata));
    }
    const summaries = this.#outputs.publish();
    this.#journal?.remove();
    this.#settled = true;
    this.#outputs.release();
    return summaries;
  }

  /**
   * After a failure: keeps what is done, or removes all if nothing is. Idempotent.
   *
   * @returns what is kept and how to go on, in one sentence; undefined if nothing is.
   */
  async abandon(): Promise<string | undefined> {
    if (this.#settled) return undefined;
    try {
      if (!this.#journal?.isComplete) await this.#journal?.flush();
    } catch {
      // Whatever it is, most likely it is why the run is abandoned: what the journal has is what is kept.
    }
    return this.abandonNow();
  }

  /** As {@linkcode abandon}, for when there is no time: what the journal does not have yet is lost. Idempotent. */
  abandonNow(): string | undefined {
    const journal = this.#journal;
    if (!journal || !journal.isComplete && journal.blocksKept === 0) this.discard();
    if (this.#settled) return undefined;
    return this.#leave() ? this.#note(journal!) : undefined;
  }

  /** Removes the part files and the journal, whatever is done: for blocks that must not be gone on with. Idempotent. */
  discard(): void {
    if (this.#settled) return;
    if (!this.#outputs.isOwn()) {
      this.#leave();
      return;
    }
    this.#settled = true;
    this.#journal?.remove();
    this.#outputs.abort();
  }

  /** Leaves all as it is; whether it is still this run's. */
  #leave(): boolean {
    const isOwn = this.#outputs.isOwn();
    this.#settled = true;
    this.#journal?.close();
    this.#outputs.leave();
    return isOwn;
  }

  async #begin(): Promise<void> {
    const { leftovers, onNotice } = this.#options;
    const paths = this.#outputs.outputs.map(({ realPath }) => realPath);
    if (leftovers === "restart") removeJournals(paths, onNotice);
    else if (leftovers === "refuse" || !isFile(this.#path!)) requireNoLeftovers(paths);
    else {
      const state = this.#readJournal(paths);
      if (state) return await this.#resume(state);
    }
    if (leftovers === "resume") onNotice(`There is nothing to resume at '${this.#path}': beginning anew`);
    try {
      this.#outputs.createParts(onNotice);
    } catch (error) {
      this.#outputs.abort();
      throw error;
    }
    this.#startJournal();
  }

  /** What there is to go on with; if it is nothing, its journal is removed. */
  #readJournal(paths: readonly string[]): JournalState | undefined {
    const { onNotice, blocks } = this.#options;
    requireNoLeftovers(paths.slice(1).filter((path) => isFile(journalPath(path))));
    const { x, y } = totalBlocks(blocks);
    const state = readJournal(this.#path!, {
      facts: this.#facts(),
      blockCount: x * y,
      outputCount: paths.length,
      onNotice,
    });
    if (state && state.blocksDone > 0) return state;
    removeJournals(paths.slice(0, 1), onNotice);
    return undefined;
  }

  async #resume(state: JournalState): Promise<void> {
    const { onNotice, onRestored, signal, blocks } = this.#options;
    const { x, y } = totalBlocks(blocks);
    onNotice(`Resuming run ${state.run}: ${state.blocksDone} of ${x * y} blocks are done`);
    if (state.complete) {
      this.#outputs.findFinished(state.complete.map((byteLength, index) => {
        const { type, bands } = state.formats[index]!;
        return { byteLength, format: { dataType: type, bands } };
      }));
      for await (const { block, args } of inTurns(blockRecords(state), signal)) onRestored(block, args);
      this.#done = Array.from({ length: x * y }, (_, block) => block);
    } else {
      this.#done = await restoreBlocks(this.#outputs, state, { blocks, signal, onRestored, onNotice });
    }
    this.#formats = state.formats;
    this.#startJournal(state);
  }

  #startJournal(state?: JournalState): void {
    if (this.#path === undefined) return;
    const { runId, blocks, onFailure } = this.#options;
    const { x, y } = totalBlocks(blocks);
    const header: HeaderRecord = {
      kind: "header",
      format: JOURNAL_FORMAT,
      run: runId,
      blockCount: x * y,
      facts: this.#facts(),
    };
    const resumed = state && {
      goodBytes: state.goodBytes,
      blocks: this.#done.length,
      isComplete: state.complete !== undefined,
    };
    this.#journal = new RunJournal({ path: this.#path, header, outputs: this.#outputs, resumed, onFailure });
  }

  /** All facts: the outputs' places are told from the journal's, so that their folder may be moved. */
  #facts(): RunFacts {
    const folder = dirname(this.#path!);
    const places = this.#outputs.outputs.map(({ name, realPath }) => [
      `the path of output ${name}`,
      `'${relative(folder, realPath)}'`,
    ]);
    return { ...this.#options.facts, ...Object.fromEntries(places) };
  }

  // A run that was stopped for a while may have lost them, and the new holder writes to the same part files.
  #checkLocks(): void {
    const nowMs = performance.now();
    if (nowMs - this.#locksCheckedMs < LOCK_CHECK_MS) return;
    this.#outputs.checkLocks();
    this.#locksCheckedMs = nowMs;
  }

  #note(journal: RunJournal): string {
    const { outputs } = this.#outputs;
    if (journal.isComplete) {
      return `All blocks are done and kept beside the journal '${this.#path}': run it again with --resume (resume: true) ` +
        `to give the files their names`;
    }
    const { x, y } = totalBlocks(this.#options.blocks);
    const more = outputs.length > 1 ? ` (and ${outputs.length - 1} more)` : "";
    const kept =
      `${journal.blocksKept} of ${x * y} blocks are kept in '${partPath(outputs[0]!.realPath)}'${more} ` +
      `with the journal '${this.#path}'`;
    if (this.#argsChanged) {
      return `${kept}, but can't be resumed: the user function changes its otherArgs, and its module exports no ` +
        `mergeOtherArgs. Begin anew with --restart (restart: true)`;
    }
    return `${kept}: run it again with --resume (resume: true) to go on, or with --restart (restart: true) to begin anew`;
  }
}
