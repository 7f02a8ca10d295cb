/**
 * Where jobs go: the region, and the queue and definition that a CloudFormation stack made, by RIOS's names.
 *
 * @module
 */
import { ConfigError, messageOf } from "../../core/errors.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { AwsBatchExtraParams } from "./params.ts";

/** The region that RIOS takes without being told; ours of last resort. */
export const LAST_REGION = "ap-southeast-2";
/** The stack that RIOS's own template makes. */
export const DEFAULT_STACK = "RIOS";

/** Where jobs go. */
export interface BatchPlace {
  /** The job queue, by name or ARN. */
  readonly jobQueue: string;
  /** The job definition, by name or ARN. */
  readonly jobDefinition: string;
  /** What the stack's compute environment has room for; absent where no stack was asked. */
  readonly room?: { readonly workers: number; readonly reason: string };
}

/** The region that the user chose for Batch; undefined leaves it to the SDK. */
export function chosenRegion({ region }: AwsBatchExtraParams): string | undefined {
  return region ?? variable("RIOS_AWSBATCH_REGION") ?? variable("BLOCKFLEET_AWSBATCH_REGION");
}

/** The stack that the user chose, if any. */
export function chosenStack({ stack }: AwsBatchExtraParams): string | undefined {
  return stack ?? variable("RIOS_AWSBATCH_STACK") ?? variable("BLOCKFLEET_AWSBATCH_STACK");
}

/** The stack that is asked: the user's choice, else the one of RIOS's name. */
export function stackOf(params: AwsBatchExtraParams): string {
  return chosenStack(params) ?? DEFAULT_STACK;
}

/**
 * The outputs of a stack, by key.
 *
 * @throws {ConfigError} if there is no such stack.
 * @throws {AwsError} if it can't be described.
 */
export async function stackOutputs(caller: AwsCaller, stack: string): Promise<Map<string, string>> {
  let stacks;
  try {
    stacks = (await caller.call("cloudformation:DescribeStacks", { StackName: stack })).Stacks;
  } catch (error) {
    if (!(error instanceof AwsError) || error.kind !== "missing" && !/does not exist/.test(error.message)) {
      throw error;
    }
    throw new ConfigError(
      `There is no CloudFormation stack '${stack}' in ${await regionOf(
        caller,
      )}: make one from drivers/aws_batch/stack.yaml ` +
        "(docs/aws_batch.md), or name yours in RIOS_AWSBATCH_STACK and its region in RIOS_AWSBATCH_REGION",
      { cause: error },
    );
  }
  const outputs = stacks?.[0]?.Outputs ?? [];
  return new Map(outputs.map(({ OutputKey, OutputValue }) => [OutputKey ?? "", OutputValue ?? ""]));
}

/**
 * Finds out where jobs go.
 *
 * @throws {ConfigError} if the stack is not there, or lacks an output that is needed.
 * @throws {AwsError} if AWS can't be asked.
 */
export async function findPlace(caller: AwsCaller, params: AwsBatchExtraParams): Promise<BatchPlace> {
  const { jobQueue, jobDefinition } = params.submit_job ?? {};
  if (jobQueue !== undefined && jobDefinition !== undefined) return { jobQueue, jobDefinition };
  const stack = stackOf(params);
  const outputs = await stackOutputs(caller, stack);
  const output = (key: string): string => {
    const value = outputs.get(key);
    if (value) return value;
    throw new ConfigError(
      `The stack '${stack}' has no output '${key}': it must be made from drivers/aws_batch/stack.yaml, or RIOS's template`,
    );
  };
  const vcpus = ownVcpus(params) ?? positive(output("BatchVCPUS"), `BatchVCPUS of the stack '${stack}'`);
  const maxVcpus = positive(output("BatchMaxVCPUS"), `BatchMaxVCPUS of the stack '${stack}'`);
  const workers = Math.floor(maxVcpus / vcpus);
  return {
    jobQueue: jobQueue ?? output("BatchProcessingJobQueueName"),
    jobDefinition: jobDefinition ?? output("BatchProcessingJobDefinitionName"),
    room: {
      workers,
      reason: `the stack '${stack}' has room for ${workers} (${maxVcpus} vCPUs in all, ${vcpus} a worker)`,
    },
  };
}

async function regionOf(caller: AwsCaller): Promise<string> {
  return await caller.region("batch").catch((error) => messageOf(error));
}

/** A worker's vCPUs where the user's own overrides set them. */
function ownVcpus({ submit_job }: AwsBatchExtraParams): number | undefined {
  const given = submit_job?.containerOverrides?.resourceRequirements?.find(({ type }) => type === "VCPU");
  return given?.value === undefined ? undefined : positive(given.value, "the VCPU of submit_job");
}

function positive(text: string, what: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new ConfigError(`${what} must be a number above 0, not '${text}'`);
}

function variable(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}
