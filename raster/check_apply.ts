/**
 * `apply()` without doing it: all checks, and what a driver would be asked for.
 *
 * @module
 */
import type { CheckedConcurrency } from "../core/checked_concurrency.ts";
import type { Driver, FleetSpec } from "../core/driver.ts";
import { ConfigError, RasterError } from "../core/errors.ts";
import { fleetSpec } from "../core/fleet_spec.ts";
import { toModuleUrl } from "../core/module_url.ts";
import type { ApplyOptions } from "./apply_options.ts";
import { totalBlocks } from "./block_list.ts";
import { checkOptions } from "./check_options.ts";
import { COMPUTE_PROGRAM } from "./compute_thread.ts";
import { otherFilesOf } from "./job_files.ts";
import { checkResume } from "./journal/check_resume.ts";
import { requireNoLeftovers } from "./journal/leftovers.ts";
import { resolveOutputs } from "./output/output_paths.ts";
import { type ApplyPlan, checkedConcurrency, planApply, readThreadsHere } from "./plan_apply.ts";
import { namedFiles } from "./named_files.ts";
import { plannedFacts } from "./planned_facts.ts";
import { planInputs } from "./plan_inputs.ts";
import { planOutputs } from "./plan_outputs.ts";
import { realLocation } from "./source/real_location.ts";
import { readsAreListed, workerAccess, type WorkerNeeds } from "./worker_access.ts";

/** A run that could begin. */
export interface CheckedApply {
  /** The plan. */
  readonly plan: ApplyPlan;
  /** The workers. */
  readonly concurrency: CheckedConcurrency;
  /** Blocks in all. */
  readonly blockCount: number;
  /** What the driver would be asked for. */
  readonly spec: FleetSpec;
}

/** What is needed besides the options. */
export interface CheckApplyContext {
  /** The driver of the kind. Whether it can run here is not asked. */
  readonly driver: Driver;
  /** Hears each line that the user should see. */
  readonly onNotice: (line: string) => void;
}

/**
 * All that `apply()` checks before it starts anything. Nothing is written or submitted.
 *
 * @throws what `apply()` would throw.
 */
export async function checkApply(options: ApplyOptions, context: CheckApplyContext): Promise<CheckedApply> {
  checkOptions(options);
  const concurrency = checkedConcurrency(options, context);
  const plan = await planApply(options, context.onNotice);
  const { inputs, files, blocks, userFunction, leftovers } = plan;
  const outputs = resolveOutputs(
    files.map(({ label, path }) => ({ name: label, path })),
    otherFilesOf(options, userFunction),
  );
  if (leftovers === "refuse") requireNoLeftovers(outputs.map(({ realPath }) => realPath));
  if (leftovers === "resume") {
    checkResume(outputs, { blocks, facts: await plannedFacts(plan), onNotice: context.onNotice });
  }
  const { x, y } = totalBlocks(blocks);
  const spec = specOf(options, {
    ...{ driver: context.driver, concurrency, blocks: x * y },
    files: inputs.flatMap(({ files }) => files),
    module: userFunction.kind === "module" ? userFunction.url : undefined,
  });
  return { plan, concurrency, blockCount: x * y, spec };
}

/**
 * What the driver would be asked for, as far as that can be told. Inputs that are there are looked at, as no more
 * workers are started than there are blocks; the user function is not.
 *
 * @throws {ConfigError} for options that can't work, and if the number of workers depends on inputs that are not there.
 */
export async function outlineApply(options: ApplyOptions, context: CheckApplyContext): Promise<FleetSpec> {
  checkOptions(options);
  const concurrency = checkedConcurrency(options, context);
  const { userFunction } = options;
  return specOf(options, {
    ...{ driver: context.driver, concurrency },
    blocks: await blocksIfKnown(options, { ...context, isNeeded: concurrency.singleBlock }),
    files: namedFiles(options.infiles, "input").map(({ location }) => ({
      openAs: realLocation(location),
      server: undefined,
    })),
    module: options.shipCode === false && typeof userFunction !== "function"
      ? toModuleUrl(String(userFunction).replace(/#[^#/]*$/, "")).href
      : undefined,
  });
}

interface SpecParts {
  readonly driver: Driver;
  readonly concurrency: CheckedConcurrency;
  readonly blocks: number;
  readonly files: WorkerNeeds["inputs"];
  readonly module: string | undefined;
}

function specOf({ jobName }: ApplyOptions, parts: SpecParts): FleetSpec {
  const { driver, concurrency, blocks, files, module } = parts;
  const workers = Math.min(concurrency.workers, blocks);
  const readsHere = readThreadsHere(concurrency, { workers, inProcess: driver.inProcess }) === 0;
  const access = workerAccess({
    isConfined: readsAreListed(driver, concurrency),
    inputs: readsHere ? files : [],
    module,
  });
  return fleetSpec({ concurrency, blocks, program: COMPUTE_PROGRAM, access, jobName });
}

async function blocksIfKnown(
  options: ApplyOptions,
  { onNotice, isNeeded }: CheckApplyContext & { readonly isNeeded: boolean },
): Promise<number> {
  const { reference, referencePixgrid } = options.controls ?? {};
  const isGiven = Object.keys(options.infiles ?? {}).length > 0 || reference !== undefined ||
    referencePixgrid !== undefined;
  const needed = "With singleBlockComputeWorkers there is a job for every block, which the inputs decide";
  if (!isGiven) {
    if (isNeeded) throw new ConfigError(`${needed}: give them`);
    return Infinity;
  }
  try {
    const { workinggrid } = await planInputs(options);
    const { x, y } = totalBlocks(planOutputs(options, workinggrid).blocks);
    return x * y;
  } catch (error) {
    if (!(error instanceof RasterError)) throw error;
    if (isNeeded) throw new ConfigError(`${needed}: ${error.message}`, { cause: error });
    onNotice(`${error.message}. No more workers are started than there are blocks, which is not known here`);
    return Infinity;
  }
}
