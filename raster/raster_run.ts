/**
 * A run over rasters as the manager sees it: results are checked and written as they come.
 *
 * @module
 */
import type { BlockJob } from "../core/block_job.ts";
import type { WorkerProgram } from "../core/driver.ts";
import { BlockfleetError } from "../core/errors.ts";
import type { MergedArgs } from "../core/merged_args.ts";
import { unpackValue } from "../core/pack_value.ts";
import type { Payload } from "../core/payload.ts";
import type { ReaderPool } from "../core/reader_pool.ts";
import type { Timers } from "../core/timers.ts";
import { blockDefn, type BlockGrid, describeBlock, totalBlocks } from "./block_list.ts";
import { COMPUTE_PROGRAM } from "./compute_thread.ts";
import type { DataType } from "./data_type.ts";
import type { OutputSet } from "./output/output_set.ts";
import type { PlannedFile } from "./plan_outputs.ts";
import { RASTER_PROCESSOR, type RasterResult } from "./raster_job.ts";

/** What a run over rasters is made of. */
export interface RasterRunParts {
  /** The blocks. */
  readonly blocks: BlockGrid;
  /** What workers are told. */
  readonly workerJob: Payload;
  /** Blocks that each worker holds ahead of the one in hand, at the least. */
  readonly leastAhead: number;
  /** Whether blocks may be computed twice at once. */
  readonly copiesAllowed: boolean;
  /** The outputs in the order of the plan. */
  readonly files: readonly PlannedFile[];
  /** The files being written. */
  readonly outputs: OutputSet;
  /** Where blocks' other args are merged, if they are. */
  readonly merged: MergedArgs | undefined;
  /** The read workers, if compute workers don't read for themselves. */
  readonly readers: ReaderPool | undefined;
  /** The run's timers. */
  readonly timers: Timers;
}

/** The block in which an output's type and bands were seen first. */
interface FirstSeen {
  readonly type: DataType;
  readonly bands: number;
  readonly block: number;
}

/** Writes the results of a run. */
export class RasterRun implements BlockJob {
  readonly program: WorkerProgram = COMPUTE_PROGRAM;
  readonly processor: string = RASTER_PROCESSOR;
  readonly blockCount: number;
  readonly workerJob: Payload;
  readonly leastAhead: number;
  readonly copiesAllowed: boolean;
  readonly input?: (block: number) => Promise<Payload>;
  readonly #parts: RasterRunParts;
  readonly #first: (FirstSeen | undefined)[] = [];

  constructor(parts: RasterRunParts) {
    const { x, y } = totalBlocks(parts.blocks);
    this.blockCount = x * y;
    this.workerJob = parts.workerJob;
    this.leastAhead = parts.leastAhead;
    this.copiesAllowed = parts.copiesAllowed;
    const { readers } = parts;
    if (readers) this.input = (block) => readers.read(block);
    this.#parts = parts;
  }

  describeBlock(block: number): string {
    return describeBlock(this.#parts.blocks, block);
  }

  accept(block: number, result: Payload): void {
    const { files, outputs, merged, timers } = this.#parts;
    const header = result.header as RasterResult;
    const defn = blockDefn(this.#parts.blocks, block);
    timers.interval("writing", () => {
      files.forEach(({ label }, index) => {
        const { type, bands, lengths } = header.outputs[index]!;
        const writer = outputs.writer(label);
        const first = this.#first[index];
        if (!first) {
          writer.setFormat(type, bands);
          this.#first[index] = { type, bands, block };
        } else if (first.type !== type || first.bands !== bands) {
          throw this.#differs(label, first, { type, bands, block });
        }
        writer.append(defn, { bytes: result.parts[index]!, lengths });
      });
    });
    if (merged) {
      merged.add(block, unpackValue({ header: header.args, parts: result.parts.slice(files.length) }));
    }
  }

  finished(_worker: number, last: Payload): unknown {
    return unpackValue(last);
  }

  #differs(label: string, first: FirstSeen, other: FirstSeen): BlockfleetError {
    const seen = ({ type, bands, block }: FirstSeen) =>
      `${bands} band(s) of ${type} in ${this.describeBlock(block)}`;
    return new BlockfleetError(
      `Output '${label}' differs from block to block: ${seen(first)}, but ${
        seen(other)
      }. The user function must give ` +
        `the same type and number of bands for every block`,
    );
  }
}
