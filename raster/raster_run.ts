/**
 * A run over rasters as the manager sees it: results are checked and written as they come.
 *
 * @module
 */
import type { WorkerAccess } from "../core/worker_command.ts";
import type { BlockJob } from "../core/block_job.ts";
import type { BlockOrder } from "../core/block_order.ts";
import type { WorkerProgram, WorkerReading } from "../core/driver.ts";
import { WorkerError } from "../core/errors.ts";
import { releaseBuffers } from "../core/channel/buffer_pool.ts";
import type { MergedArgs } from "../core/merged_args.ts";
import { unpackValue } from "../core/pack_value.ts";
import type { Payload } from "../core/payload.ts";
import type { ReaderPool } from "../core/reader_pool.ts";
import { addUserIntervals } from "../core/user_timers.ts";
import type { Timers } from "../core/timers.ts";
import { checkResult } from "./check_result.ts";
import { type BlockGrid, describeBlock, totalBlocks } from "./block_list.ts";
import { COMPUTE_PROGRAM } from "./compute_thread.ts";
import type { OutputFormat } from "./journal/journal_records.ts";
import type { JournaledOutputs } from "./journal/journaled_outputs.ts";
import { nonFiniteNotices } from "./non_finite.ts";
import { requireOutputNodata } from "./output_nodata.ts";
import type { PlannedFile } from "./plan_outputs.ts";
import { RASTER_PROCESSOR, RASTER_READ_PROCESSOR, type RasterResult } from "./raster_job.ts";

/** What a run over rasters is made of. */
export interface RasterRunParts {
  /** The blocks. */
  readonly blocks: BlockGrid;
  /** In which order they are handed out; undefined for that of their numbers. */
  readonly order: BlockOrder | undefined;
  /** What workers are told. */
  readonly workerJob: Payload;
  /** Blocks that each worker holds ahead of the one in hand, at the least. */
  readonly leastAhead: number;
  /** How many threads of each worker process read; 0 if its computing threads do. */
  readonly readThreadsThere: number;
  /** The SHA-256 of the code that is shipped; undefined if none is. */
  readonly codeHash: string | undefined;
  /** What workers load, for people. */
  readonly loads: string;
  /** What workers in processes of their own are allowed. */
  readonly access: WorkerAccess;
  /** Whether each worker has a copy of other args for all its blocks, which then may not be computed twice. */
  readonly ownArgs: boolean;
  /** The outputs in the order of the plan. */
  readonly files: readonly PlannedFile[];
  /** The files being written, and their journal. */
  readonly outputs: JournaledOutputs;
  /** Where blocks' other args are merged, if they are. */
  readonly merged: MergedArgs | undefined;
  /** The read workers, if compute workers don't read for themselves. */
  readonly readers: ReaderPool | undefined;
  /** The run's timers. */
  readonly timers: Timers;
  /** Counts the blocks that each worker has done. */
  readonly blocksByWorker: Map<number, number>;
}

/** Writes the results of a run. */
export class RasterRun implements BlockJob {
  readonly program: WorkerProgram = COMPUTE_PROGRAM;
  readonly processor: string = RASTER_PROCESSOR;
  readonly blockCount: number;
  readonly done: readonly number[];
  readonly order: BlockOrder | undefined;
  readonly workerJob: Payload;
  readonly leastAhead: number;
  readonly codeHash: string | undefined;
  readonly loads: string;
  readonly access: WorkerAccess;
  readonly copiesAllowed: boolean;
  readonly reading: WorkerReading | undefined;
  readonly input?: (block: number) => Promise<Payload>;
  readonly mergedArgs?: () => unknown;
  readonly #parts: RasterRunParts;
  /** Blocks of each output that have pixels which are NaN or infinite and should not. */
  readonly #nonFinite = new Map<number, number>();
  #argsChanged = false;

  constructor(parts: RasterRunParts) {
    const { x, y } = totalBlocks(parts.blocks);
    this.blockCount = x * y;
    this.done = parts.outputs.done;
    this.order = parts.order;
    this.workerJob = parts.workerJob;
    this.leastAhead = parts.leastAhead;
    this.codeHash = parts.codeHash;
    this.loads = parts.loads;
    this.access = parts.access;
    const { readThreadsThere: threads } = parts;
    this.reading = threads === 0 ? undefined : { processor: RASTER_READ_PROCESSOR, threads };
    this.copiesAllowed = !parts.ownArgs;
    const { readers, merged } = parts;
    if (merged) this.mergedArgs = () => merged.total;
    if (readers) this.input = (block) => readers.read(block);
    this.#parts = parts;
  }

  get argsChanged(): boolean {
    return this.#argsChanged;
  }

  describeBlock(block: number): string {
    return describeBlock(this.#parts.blocks, block);
  }

  accept(block: number, result: Payload, worker: number): void {
    const { files, outputs, merged, timers, blocksByWorker } = this.#parts;
    const header = checkResult(result, files.length);
    const args = merged && { header: header.args, parts: result.parts.slice(files.length) };
    timers.interval("writing", () => {
      this.#requireFormats(block, header);
      const encoded = header.outputs.map(({ lengths, crcs }, index) => ({
        ...{ bytes: result.parts[index]!, lengths, crcs },
      }));
      outputs.accept({ block, outputs: encoded, args });
      if (header.argsChanged) outputs.noteArgsChanged();
    });
    this.#argsChanged ||= header.argsChanged === true;
    header.outputs.forEach(({ nonFinite }, index) => {
      if (nonFinite === true) this.#nonFinite.set(index, (this.#nonFinite.get(index) ?? 0) + 1);
    });
    addUserIntervals(timers, header.timings);
    // The tiles are written; other args, in the parts behind them, may still wait to be merged.
    releaseBuffers({ header: undefined, parts: result.parts.slice(0, files.length) });
    blocksByWorker.set(worker, (blocksByWorker.get(worker) ?? 0) + 1);
    if (args) merged.add(block, unpackValue(args));
  }

  /** What the user should know of the pixels that were written. */
  notices(): string[] {
    return nonFiniteNotices(this.#parts.files, this.#nonFinite);
  }

  finished(_worker: number, last: Payload): unknown {
    return unpackValue(last);
  }

  /** The first block decides the outputs' types and bands; all others must have the same. */
  #requireFormats(block: number, header: RasterResult): void {
    const { files, outputs } = this.#parts;
    const formats = header.outputs.map(({ type, bands }): OutputFormat => ({ type, bands, block }));
    if (!outputs.formats) {
      files.forEach(({ plan }, index) => requireOutputNodata(plan, formats[index]!.type));
      return outputs.setFormats(formats);
    }
    outputs.formats.forEach((first, index) => {
      const other = formats[index]!;
      if (first.type === other.type && first.bands === other.bands) return;
      throw this.#differs(files[index]!.label, first, other);
    });
  }

  #differs(label: string, first: OutputFormat, other: OutputFormat): WorkerError {
    const seen = ({ type, bands, block }: OutputFormat) =>
      `${bands} band(s) of ${type} in ${this.describeBlock(block)}`;
    return new WorkerError(
      `Output '${label}' differs from block to block: ${seen(first)}, but ${
        seen(other)
      }. The user function must give ` +
        `the same type and number of bands for every block`,
      { block: this.describeBlock(other.block), inUserFunction: true },
    );
  }
}
