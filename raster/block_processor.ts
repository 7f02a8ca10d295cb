/**
 * What a worker does with a block of rasters: read, call the user function, encode.
 *
 * @module
 */
import { crc32c } from "../core/journal/crc32c.ts";
import { BlockfleetError } from "../core/errors.ts";
import { headerOnly, type Payload } from "../core/payload.ts";
import type { IntervalRecorder } from "../core/timers.ts";
import type { UserIntervals } from "../core/user_timers.ts";
import { OtherArgs } from "../core/worker/other_args.ts";
import type { BlockProcessor, ProcessorContext } from "../core/worker/processor.ts";
import { type LoadedUserFunction, loadUserFunction } from "../core/worker/user_function.ts";
import type { BlockInputs, BlockOutputs } from "./apply_options.ts";
import { blockDefn } from "./block_list.ts";
import { TileEncoder } from "./geotiff/tile_encoder.ts";
import { type InputBlocks, InputReader, packInputs, unpackInputs } from "./input_reader.ts";
import { hasNonFinite, mayHideNonFinite } from "./non_finite.ts";
import { checkOutputNames, type OutputPixels, outputPixels } from "./output_value.ts";
import type { RasterBlock } from "./raster_block.ts";
import type { InputPlan, OutputPlan, RasterJob, RasterResult } from "./raster_job.ts";
import { ReaderInfo } from "./reader_info.ts";

/** Where a worker's inputs come from. */
interface InputSource {
  readonly readAhead: number;
  read(block: number, sent: Payload | undefined): InputBlocks | Promise<InputBlocks>;
  close(): Promise<void>;
}

/** Makes the processor that computes. */
export async function createRasterProcessor({ init, timers }: ProcessorContext): Promise<BlockProcessor> {
  const job = init.job.header as RasterJob;
  const userFunction = await loadUserFunction(job.userFunction, init.codeHash);
  const packedArgs = job.hasOtherArgs ? { header: job.otherArgs, parts: init.job.parts } : undefined;
  return new RasterProcessor(job, {
    userFunction,
    otherArgs: new OtherArgs(packedArgs, job.argsABlock),
    source: inputSource(job, timers),
    timers,
    worker: init.worker,
  });
}

/** Makes the processor that only reads, for others to compute. */
export function createRasterReadProcessor({ init, timers }: ProcessorContext): Promise<BlockProcessor> {
  const job = init.job.header as RasterJob;
  const source = readHere(job, timers);
  return Promise.resolve({
    readAhead: source.readAhead,
    read: (block) => source.read(block, undefined),
    compute: (_block, inputs) => packInputs(inputs as InputBlocks),
    finish: () => headerOnly(undefined),
    close: () => source.close(),
  });
}

function inputSource(job: RasterJob, timers: IntervalRecorder): InputSource {
  if (job.readsHere) {
    const own = readHere(job, timers);
    // The worker's process may have read it already.
    const read: InputSource["read"] = (block, sent) =>
      sent ? unpackInputs(sent, job.inputs) : own.read(block, undefined);
    return { ...own, read };
  }
  return {
    readAhead: 0,
    read: (_block, sent) => unpackInputs(sent!, job.inputs),
    close: () => Promise.resolve(),
  };
}

function readHere(job: RasterJob, timers: IntervalRecorder): InputSource {
  const reader = new InputReader(job.inputs, job.run.overlap, job.openFiles);
  return {
    readAhead: reader.remote ? 2 : 0,
    read: (block) => timers.interval("reading", () => reader.read(blockDefn(job.run.blocks, block))),
    close: () => reader[Symbol.asyncDispose](),
  };
}

interface RasterProcessorParts {
  readonly userFunction: LoadedUserFunction;
  readonly otherArgs: OtherArgs;
  readonly source: InputSource;
  readonly timers: IntervalRecorder;
  readonly worker: number;
}

class RasterProcessor implements BlockProcessor {
  readonly readAhead: number;
  readonly #job: RasterJob;
  readonly #parts: RasterProcessorParts;
  readonly #outputNames: ReadonlySet<string>;
  readonly #encoders: (TileEncoder | undefined)[] = [];

  constructor(job: RasterJob, parts: RasterProcessorParts) {
    this.#job = job;
    this.#parts = parts;
    this.readAhead = parts.source.readAhead;
    this.#outputNames = new Set(job.outputs.map(({ name }) => name));
  }

  read(block: number, sent: Payload | undefined): InputBlocks | Promise<InputBlocks> {
    return this.#parts.source.read(block, sent);
  }

  async compute(block: number, read: unknown): Promise<Payload> {
    const { userFunction, otherArgs, timers, worker } = this.#parts;
    const { inputs, files } = nameInputs(this.#job.inputs, read as InputBlocks);
    const info = new ReaderInfo({ ...this.#job.run, worker }, block, files);
    const outputs: BlockOutputs = {};
    const args = otherArgs.given ? [otherArgs.forBlock()] : [];
    await timers.interval("userfunction", () => userFunction.call(info, inputs, outputs, ...args));
    const after = otherArgs.afterBlock();
    const result = withTimings(
      timers.interval("writing", () => this.#encode(block, outputs)),
      info.timings.take(),
    );
    if (!after) return otherArgs.hasChanged() ? withArgsChanged(result) : result;
    const header: RasterResult = { ...result.header as RasterResult, args: after.header };
    return { header, parts: [...result.parts, ...after.parts] };
  }

  finish(): Payload {
    return this.#parts.otherArgs.atEnd();
  }

  close(): Promise<void> {
    return this.#parts.source.close();
  }

  #encode(block: number, outputs: BlockOutputs): Payload {
    checkOutputNames(outputs, this.#outputNames);
    const { run: { overlap, blocks }, outputs: plans } = this.#job;
    const defn = blockDefn(blocks, block);
    const rows = defn.nrows + 2 * overlap;
    const cols = defn.ncols + 2 * overlap;
    const placement = { offset: overlap * cols + overlap, rowStride: cols, bandStride: rows * cols };
    const encoded = plans.map((plan, index) => {
      const pixels = outputPixels(outputs, plan, { rows, cols });
      const { bytes, lengths } = this.#encoder(plan, index, pixels).encode(pixels.data, defn, placement);
      const crcs = tileChecksums(bytes, lengths);
      const output = { type: pixels.type, bands: pixels.bands, lengths, crcs };
      const part = { ...placement, bands: pixels.bands, rows: defn.nrows, cols: defn.ncols };
      const isHidden = mayHideNonFinite(plan.layout.nodata, pixels.data) && hasNonFinite(pixels.data, part);
      return { bytes, output: isHidden ? { ...output, nonFinite: true as const } : output };
    });
    const header: RasterResult = { outputs: encoded.map(({ output }) => output) };
    return { header, parts: encoded.map(({ bytes }) => bytes) };
  }

  // The type and bands may differ from block to block; that is for the manager to refuse, who knows the first.
  #encoder(plan: OutputPlan, index: number, { type, bands }: OutputPixels): TileEncoder {
    const known = this.#encoders[index];
    if (known?.dataType === type && known.bands === bands) return known;
    return this.#encoders[index] = new TileEncoder(plan.layout, type, bands);
  }
}

function withTimings({ header, parts }: Payload, timings: UserIntervals | undefined): Payload {
  if (!timings) return { header, parts };
  return { header: { ...header as RasterResult, timings } satisfies RasterResult, parts };
}

function withArgsChanged({ header, parts }: Payload): Payload {
  return { header: { ...header as RasterResult, argsChanged: true } satisfies RasterResult, parts };
}

/** Made here, so that the manager need not look at any byte: it notes them in the journal. */
function tileChecksums(bytes: Uint8Array<ArrayBuffer>, lengths: Uint32Array): Uint32Array<ArrayBuffer> {
  let at = 0;
  return Uint32Array.from(lengths, (length) => crc32c(bytes.subarray(at, at += length)));
}

/** The inputs by the user's names, and the file of each block. */
function nameInputs(
  plans: readonly InputPlan[],
  blocks: InputBlocks,
): { inputs: BlockInputs; files: Map<RasterBlock, string> } {
  const inputs: BlockInputs = {};
  const files = new Map<RasterBlock, string>();
  let at = 0;
  for (const { name, isList, files: planned } of plans) {
    const own = blocks.slice(at, at += planned.length);
    own.forEach((block, index) => files.set(block, planned[index]!.location));
    inputs[name] = isList ? own : own[0];
  }
  return { inputs: guardNames(inputs), files };
}

/** The inputs, which throw for a name that none has: mostly it is misspelt, there or where the files are named. */
function guardNames(inputs: BlockInputs): BlockInputs {
  return new Proxy(inputs, {
    get(target, name) {
      if (typeof name !== "string" || name in target) return Reflect.get(target, name);
      const names = Object.keys(target);
      const known = names.length === 0 ? "there are none" : `the inputs are ${names.join(", ")}`;
      throw new BlockfleetError(`The user function asks for inputs.${name}, which is not an input: ${known}`);
    },
  });
}
