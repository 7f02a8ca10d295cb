/**
 * The calls that a run on `CW_AWSBATCH` would make.
 *
 * @module
 */
import { PLACEHOLDER_ENVIRONMENT } from "../aws/channel_environment.ts";
import type { FleetSpec, Preview } from "../../core/driver.ts";
import { jobRequest, LARGEST_ARRAY } from "./job_request.ts";
import type { AwsBatchExtraParams } from "./params.ts";
import { chosenRegion, chosenStack, DEFAULT_STACK } from "./stack.ts";

/** Shows them with placeholders for what only a run has. Calls nothing. */
export function previewBatch(spec: FleetSpec, params: AwsBatchExtraParams): Preview {
  const submitJob = params.submit_job ?? {};
  const { jobQueue, jobDefinition } = submitJob;
  const steps: { title: string; text: string }[] = [];
  const asks = jobQueue === undefined || jobDefinition === undefined;
  if (asks) {
    steps.push(step("cloudformation:DescribeStacks", { StackName: chosenStack(params) ?? DEFAULT_STACK }));
  }
  for (let first = 0, sequence = 0; first < spec.workers; first += LARGEST_ARRAY, sequence++) {
    const request = jobRequest({
      runId: "RUN",
      jobName: spec.jobName,
      place: {
        jobQueue: jobQueue ?? "BatchProcessingJobQueueName",
        jobDefinition: jobDefinition ?? "BatchProcessingJobDefinitionName",
      },
      submitJob,
      threads: spec.threadsPerWorker,
      environment: PLACEHOLDER_ENVIRONMENT,
    }, { first, count: Math.min(LARGEST_ARRAY, spec.workers - first), sequence });
    steps.push(step("batch:SubmitJob", request));
  }
  steps.push(step("batch:DescribeJobs", { jobs: ["JOB:0", "..."] }, "until the run is over"));
  steps.push(
    step(
      "batch:TerminateJob",
      { jobId: "JOB", reason: "blockfleet: the run is over" },
      "whatever has not ended then",
    ),
  );
  const region = chosenRegion(params);
  return {
    steps: steps.map(({ title, text }) => ({ title: region ? `${title} (${region})` : title, text })),
  };
}

function step(action: string, input: unknown, when?: string): { title: string; text: string } {
  return { title: when === undefined ? action : `${action}, ${when}`, text: JSON.stringify(input, null, 2) };
}
