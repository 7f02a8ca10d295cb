/**
 * The blocks that an earlier run has written, taken over into the outputs of this one.
 *
 * @module
 */
import { AbortedError, messageOf } from "../../core/errors.ts";
import { crc32c } from "../../core/journal/crc32c.ts";
import type { Payload } from "../../core/payload.ts";
import { blockDefn, type BlockGrid } from "../block_list.ts";
import type { GeoTiffWriter } from "../geotiff/geotiff_writer.ts";
import type { OutputSet } from "../output/output_set.ts";
import type { BlockTiles } from "./journal_records.ts";
import { blockRecords, type JournalState } from "./read_journal.ts";

/** What blocks are restored with. */
export interface RestoreOptions {
  /** The block list. */
  readonly blocks: BlockGrid;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of each block that is done, and of its other args. */
  readonly onRestored: (block: number, args: Payload | undefined) => void;
  /** Hears each line that the user should see. */
  readonly onNotice: (line: string) => void;
}

/** Signals and timers get their turn this often. */
const TURN_MS = 50;

/**
 * Opens the part files and takes over every block of the journal whose tiles have the checksums that they were written
 * with. A block with others is left to be computed again, and said.
 *
 * @returns the blocks that are done.
 * @throws {RasterError} if a part file is missing or can't be read.
 * @throws {AbortedError} if `signal` is aborted.
 */
export async function restoreBlocks(
  outputs: OutputSet,
  state: JournalState,
  options: RestoreOptions,
): Promise<number[]> {
  outputs.reopenParts();
  const writers = outputs.outputs.map(({ name }) => outputs.writer(name));
  state.formats.forEach(({ type, bands }, index) => writers[index]!.setFormat(type, bands));
  const ends = writers.map(() => 0);
  const done: number[] = [];
  const scratch = new TileScratch();
  let bad = 0;
  for await (const { block, outputs: placed, args } of inTurns(blockRecords(state), options.signal)) {
    if (!placed.every((tiles, index) => scratch.isWhole(writers[index]!, tiles))) {
      bad++;
      continue;
    }
    const defn = blockDefn(options.blocks, block);
    placed.forEach(({ offset, lengths }, index) => {
      writers[index]!.restore({ block: defn, offset, lengths });
      ends[index] = Math.max(ends[index]!, offset + sum(lengths));
    });
    done.push(block);
    options.onRestored(block, args);
  }
  if (bad > 0) {
    options.onNotice(
      `${bad} block(s) of the earlier run don't have their checksums any more and are computed again`,
    );
  }
  outputs.checkLocks();
  writers.forEach((writer, index) => {
    writer.truncate(ends[index]!);
    // A run that was ended while it finished the file has put the header there.
    writer.mark();
  });
  return done;
}

/** Hands on what a generator gives, and lets others have their turn from time to time. */
export async function* inTurns<T>(
  items: Iterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, void> {
  let turnMs = performance.now();
  for (const item of items) {
    if (performance.now() - turnMs > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      turnMs = performance.now();
    }
    if (signal?.aborted) throw new AbortedError(`The run was ended: ${messageOf(signal.reason)}`);
    yield item;
  }
}

/** Reads tiles back into a buffer that is used again. */
class TileScratch {
  #buffer = new Uint8Array(0);

  isWhole(writer: GeoTiffWriter, { offset, lengths, crcs }: BlockTiles): boolean {
    // The file's length bounds what is allocated.
    if (offset + sum(lengths) > writer.byteLength) return false;
    let at = offset;
    return lengths.every((length, index) => {
      if (this.#buffer.byteLength < length) this.#buffer = new Uint8Array(length);
      const tile = this.#buffer.subarray(0, length);
      const isWhole = writer.readBack(at, tile) && crc32c(tile) === crcs[index];
      at += length;
      return isWhole;
    });
  }
}

function sum(lengths: Uint32Array): number {
  let total = 0;
  for (const length of lengths) total += length;
  return total;
}
