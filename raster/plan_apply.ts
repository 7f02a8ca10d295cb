/**
 * What a run of `apply()` will do, found out and checked before anything is started or written.
 *
 * @module
 */
import { checkConcurrency, type CheckedConcurrency } from "../core/checked_concurrency.ts";
import type { Driver } from "../core/driver.ts";
import { ConfigError } from "../core/errors.ts";
import { loadMerge } from "../core/load_merge.ts";
import { MergedArgs } from "../core/merged_args.ts";
import { packValue } from "../core/pack_value.ts";
import type { Payload } from "../core/payload.ts";
import { shownValue } from "../core/shown_value.ts";
import { userFunctionSpec } from "../core/user_function_spec.ts";
import type { UserFunctionSpec } from "../core/worker/user_function.ts";
import type { ApplyOptions } from "./apply_options.ts";
import { checkBlockBytes } from "./block_bytes.ts";
import { type BlockGroup, planReading } from "./block_groups.ts";
import type { BlockGrid } from "./block_list.ts";
import { otherFormatNotices } from "./output_names.ts";
import type { PixelGrid } from "./pixel_grid.ts";
import { planInputs } from "./plan_inputs.ts";
import { type PlannedFile, planOutputs } from "./plan_outputs.ts";
import type { InputPlan, RasterJob } from "./raster_job.ts";

/** A run that could begin. */
export interface ApplyPlan {
  /** Margin around each block, pixels. */
  readonly overlap: number;
  /** What to do about what an earlier run has kept. */
  readonly leftovers: "resume" | "restart" | "refuse";
  /** The user function. */
  readonly userFunction: UserFunctionSpec;
  /** Other args. */
  readonly args: PreparedArgs;
  /** The inputs. */
  readonly inputs: readonly InputPlan[];
  /** The grid that is worked on. */
  readonly workinggrid: PixelGrid;
  /** The blocks. */
  readonly blocks: BlockGrid;
  /** Which blocks one worker should have. */
  readonly group: BlockGroup;
  /** The outputs. */
  readonly files: readonly PlannedFile[];
}

/** Other args as workers get them. */
export interface PreparedArgs {
  /** What of them stands in the workers' job. */
  readonly job: Pick<RasterJob, "hasOtherArgs" | "argsABlock" | "otherArgs">;
  /** Their binary parts. */
  readonly parts: Payload["parts"];
  /** Where blocks' copies are merged, if the user's module does. */
  readonly merged: MergedArgs | undefined;
}

/**
 * Plans a run: bundles the user function, opens the inputs and lays out the outputs.
 *
 * @param onNotice hears what the user should know of the plan.
 * @throws {ConfigError} for options that can't work.
 * @throws {RasterError} if an input can't be read.
 */
export async function planApply(
  options: ApplyOptions,
  onNotice: (line: string) => void,
): Promise<ApplyPlan> {
  const overlap = checkedOverlap(options.controls?.overlap);
  const leftovers = whatOfLeftovers(options);
  const userFunction = await userFunctionSpec(options.userFunction, {
    shipCode: options.shipCode,
    signal: options.signal,
    onNotice,
  });
  const args = await prepareArgs(options, { userFunction, onNotice });
  const { inputs: opened, workinggrid, notices } = await planInputs(options);
  const { blocks, files, notice } = planOutputs(options, workinggrid);
  checkBlockBytes(opened, { blocks, overlap });
  const { inputs, group } = planReading(opened, { blocks, overlap });
  const names = otherFormatNotices(files.map(({ path }) => path));
  for (const line of [...notices, ...notice === undefined ? [] : [notice], ...names]) onNotice(line);
  return { overlap, leftovers, userFunction, args, inputs, workinggrid, blocks, group, files };
}

/**
 * The workers that are wanted, checked.
 *
 * @throws {ConfigError} for options that can't work.
 */
export function checkedConcurrency(
  options: ApplyOptions,
  { driver, onNotice }: { readonly driver: Driver; readonly onNotice: (line: string) => void },
): CheckedConcurrency {
  const concurrency = checkConcurrency(options.concurrency ?? {}, driver);
  for (const warning of concurrency.warnings) onNotice(warning);
  return concurrency;
}

/** Read threads in this process: for workers that don't read, or that are threads of this process themselves. */
export function readThreadsHere(
  { computeWorkersRead, readWorkers }: CheckedConcurrency,
  fleet: { workers: number; inProcess: boolean },
): number {
  if (!computeWorkersRead) return readWorkers;
  return fleet.inProcess ? readWorkers * fleet.workers : 0;
}

/** Read threads in each worker that is a process of its own and reads for itself. */
export function readThreadsThere(
  { computeWorkersRead, readWorkers }: CheckedConcurrency,
  inProcess: boolean,
): number {
  return computeWorkersRead && !inProcess ? readWorkers : 0;
}

function whatOfLeftovers({ resume, restart }: ApplyOptions): ApplyPlan["leftovers"] {
  if (resume && restart) {
    throw new ConfigError(
      "--resume (resume) goes on with an earlier run, --restart (restart) begins anew: give one",
    );
  }
  return resume ? "resume" : restart ? "restart" : "refuse";
}

async function prepareArgs(
  { otherArgs, signal }: ApplyOptions,
  { userFunction, onNotice }: { userFunction: UserFunctionSpec; onNotice: (line: string) => void },
): Promise<PreparedArgs> {
  const hasOtherArgs = otherArgs !== undefined;
  const { header, parts } = packValue(otherArgs, "otherArgs");
  // The module is looked into here only if its merge may be wanted here.
  const merge = hasOtherArgs ? await loadMerge(userFunction, { signal, onNotice }) : undefined;
  return {
    job: { hasOtherArgs, argsABlock: merge !== undefined, otherArgs: header },
    parts,
    merged: merge && new MergedArgs(structuredClone(otherArgs), merge),
  };
}

function checkedOverlap(overlap = 0): number {
  if (Number.isSafeInteger(overlap) && overlap >= 0) return overlap;
  throw new ConfigError(`overlap must be a whole number of at least 0 pixels, not ${shownValue(overlap)}`);
}
