/**
 * The outputs of a run and the journal that lets a later run go on with them.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import type { Payload } from "../../core/payload.ts";
import type { OutputSummary } from "../apply_options.ts";
import { blockDefn, type BlockGrid, totalBlocks } from "../block_list.ts";
import type { EncodedTiles } from "../geotiff/tile_encoder.ts";
import type { OutputSet } from "../output/output_set.ts";
import { partPath } from "../output/part_file.ts";
import type { OutputFormat } from "./journal_records.ts";
import type { RunJournal } from "./run_journal.ts";

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

/** What {@linkcode JournaledOutputs} are made of. */
export interface JournaledOutputsParts {
  /** The outputs, locked, their part files open. */
  readonly outputs: OutputSet;
  /** Their journal; undefined for a run without outputs. */
  readonly journal: RunJournal | undefined;
  /** The block list. */
  readonly blocks: BlockGrid;
  /** Blocks that an earlier run has done. */
  readonly done: readonly number[];
  /** The ids of earlier runs of these outputs, whose workers may still be there. */
  readonly earlierRuns: readonly string[];
  /** What the earlier run's first block has decided. */
  readonly formats: readonly OutputFormat[] | undefined;
}

/** See the module. Call `commit()` at the end, `abandon()` after a failure. */
export class JournaledOutputs {
  /** Blocks that an earlier run has done. */
  readonly done: readonly number[];
  /** The ids of earlier runs of these outputs, whose workers may still be there. */
  readonly earlierRuns: readonly string[];
  readonly #outputs: OutputSet;
  readonly #journal: RunJournal | undefined;
  readonly #blocks: BlockGrid;
  #formats: readonly OutputFormat[] | undefined;
  #locksCheckedMs = 0;
  #argsChanged = false;
  #settled = false;

  /** Made by `openOutputs()`. */
  constructor({ outputs, journal, blocks, done, earlierRuns, formats }: JournaledOutputsParts) {
    this.#outputs = outputs;
    this.#journal = journal;
    this.#blocks = blocks;
    this.done = done;
    this.earlierRuns = earlierRuns;
    this.#formats = formats;
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
    const defn = blockDefn(this.#blocks, block);
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
   * @returns what was made, in the order of the outputs.
   * @throws {LockedError} if a lock has passed to another run.
   * @throws {RasterError} if a file is not complete, or can't be written or renamed.
   */
  async commit(): Promise<OutputSummary[]> {
    if (this.#journal && !this.#journal.isComplete) {
      await this.#journal.complete(() => this.#outputs.finish());
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
   * @param inFunction whether the user function is the cause, so that the same one will hardly do better.
   * @returns what is kept and how to go on, in one sentence; undefined if nothing is.
   */
  async abandon(inFunction = false): Promise<string | undefined> {
    if (this.#settled) return undefined;
    try {
      if (!this.#journal?.isComplete) await this.#journal?.flush();
    } catch {
      // Whatever it is, most likely it is why the run is abandoned: what the journal has is what is kept.
    }
    return this.abandonNow(inFunction);
  }

  /** As {@linkcode abandon}, for when there is no time: what the journal does not have yet is lost. Idempotent. */
  abandonNow(inFunction = false): string | undefined {
    const journal = this.#journal;
    if (!journal || !journal.isComplete && journal.blocksKept === 0) this.discard();
    if (this.#settled) return undefined;
    const lost = this.#lostParts();
    return this.#leave() ? this.#note(journal!, { inFunction, lost }) : undefined;
  }

  /** Removes the part files and the journal, whatever is done: for blocks that must not be gone on with. Idempotent. */
  discard(): void {
    if (this.#settled) return;
    if (!this.#isOwn()) return this.#close();
    this.#settled = true;
    try {
      this.#journal?.remove();
    } finally {
      this.#outputs.abort();
    }
  }

  /** Part files that somebody has taken away; none if that can't be told. */
  #lostParts(): readonly string[] {
    try {
      return this.#outputs.lostParts();
    } catch (error) {
      if (error instanceof RasterError) return [];
      throw error;
    }
  }

  /** Leaves all as it is; whether it is still this run's. */
  #leave(): boolean {
    const isOwn = this.#isOwn();
    this.#close();
    return isOwn;
  }

  /** Whether all is still this run's. If that can't be told, all is left as it is. */
  #isOwn(): boolean {
    try {
      return this.#outputs.isOwn();
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  #close(): void {
    this.#settled = true;
    this.#journal?.close();
    this.#outputs.leave();
  }

  // A run that was stopped for a while may have lost them, and the new holder writes to the same part files.
  #checkLocks(): void {
    const nowMs = performance.now();
    if (nowMs - this.#locksCheckedMs < LOCK_CHECK_MS) return;
    this.#outputs.checkLocks();
    this.#locksCheckedMs = nowMs;
  }

  #note(
    journal: RunJournal,
    { inFunction, lost }: { readonly inFunction: boolean; readonly lost: readonly string[] },
  ): string {
    const { outputs } = this.#outputs;
    if (lost.length > 0) {
      const more = lost.length > 1 ? ` (and ${lost.length - 1} more)` : "";
      return `The blocks that were done are lost with '${
        lost[0]
      }'${more}, which somebody has taken away: begin anew with ` +
        `--restart (restart: true)`;
    }
    if (journal.isComplete) {
      return `All blocks are done and kept beside the journal '${journal.path}': run it again with --resume (resume: true) ` +
        `to give the files their names`;
    }
    const { x, y } = totalBlocks(this.#blocks);
    const more = outputs.length > 1 ? ` (and ${outputs.length - 1} more)` : "";
    const kept =
      `${journal.blocksKept} of ${x * y} blocks are kept in '${partPath(outputs[0]!.realPath)}'${more} ` +
      `with the journal '${journal.path}'`;
    if (this.#argsChanged) {
      return `${kept}, but can't be resumed: the user function changes its otherArgs, and its module exports no ` +
        `mergeOtherArgs. Begin anew with --restart (restart: true)`;
    }
    if (inFunction) {
      return `${kept}: run it again with --resume (resume: true) if the user function stays as it is; a changed one must ` +
        `begin anew, with --restart (restart: true)`;
    }
    return `${kept}: run it again with --resume (resume: true) to go on, or with --restart (restart: true) to begin anew`;
  }
}
