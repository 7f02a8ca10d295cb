/**
 * The processor of `mapBlocks()`: a function of one value that gives another.
 *
 * @module
 */
import { packValue, unpackValue } from "../pack_value.ts";
import { headerOnly, type Payload } from "../payload.ts";
import { OtherArgs } from "./other_args.ts";
import type { BlockProcessor, ProcessorContext } from "./processor.ts";
import { loadUserFunction, type UserFunctionSpec } from "./user_function.ts";

/** The processor's name in a worker's program. */
export const MAP_PROCESSOR = "map";

/** What the processor is told once. */
export interface MapJob {
  /** The user function. */
  readonly userFunction: UserFunctionSpec;
  /** Whether the user gave other args; they are the payload's parts and `otherArgs`. */
  readonly hasOtherArgs: boolean;
  /** Whether each block has its own copy of them. */
  readonly argsABlock: boolean;
  /** Other args, packed. */
  readonly otherArgs: unknown;
}

/** The header of a result where other args are each worker's own. */
export interface OwnArgsResult {
  /** The function's result, packed. */
  readonly result: unknown;
  /** Whether the function has changed the worker's copy. */
  readonly argsChanged?: true;
}

/** The header of a result that has its block's other args with it. */
export interface MergedResult {
  /** The function's result, packed. */
  readonly result: unknown;
  /** The block's other args, packed. */
  readonly args: unknown;
  /** How many of the payload's parts are the result's; the others are the args'. */
  readonly split: number;
}

/** Makes the processor. */
export async function createMapProcessor({ init, timers }: ProcessorContext): Promise<BlockProcessor> {
  const job = init.job.header as MapJob;
  const { call } = await loadUserFunction(job.userFunction, init.codeHash);
  const packed = job.hasOtherArgs ? { header: job.otherArgs, parts: init.job.parts } : undefined;
  const otherArgs = new OtherArgs(packed, job.argsABlock);
  return {
    readAhead: 0,
    read: (_block, input) => unpackValue(input!),
    async compute(_block, value): Promise<Payload> {
      const args = otherArgs.given ? [value, otherArgs.forBlock()] : [value];
      const result = await timers.interval("userfunction", () => call(...args));
      const packedResult = packValue(result, "the user function's result", "the manager");
      const { header, parts } = packedResult;
      if (!otherArgs.given) return packedResult;
      const after = otherArgs.afterBlock();
      if (!after) {
        const own: OwnArgsResult = { result: header, ...otherArgs.hasChanged() ? { argsChanged: true } : {} };
        return { header: own, parts };
      }
      const merged: MergedResult = { result: header, args: after.header, split: parts.length };
      return { header: merged, parts: [...parts, ...after.parts] };
    },
    finish: () => otherArgs.given ? otherArgs.atEnd() : headerOnly(undefined),
    close: () => Promise.resolve(),
  };
}
