/**
 * Batch as AWS answers, where moto does not: how jobs fare, which jobs a list has, limits of calls.
 *
 * @module
 */
import { type AwsAnswer, type AwsCall, errorAnswer, jsonAnswer, type Next, withInput } from "../aws_call.ts";
import type { BatchAgent, JobState } from "./batch_agent.ts";

const PAGE = 100;

// deno-lint-ignore no-explicit-any -- answers of moto, changed where their shape is known
type Answered = any;

/** Answers for Batch. */
export class BatchOverlay {
  readonly #agent: BatchAgent;

  constructor(agent: BatchAgent) {
    this.#agent = agent;
  }

  /** Answers a call. */
  async answer(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    switch (call.action) {
      case "SubmitJob":
        return await this.#submitJob(call, moto);
      case "DescribeJobs":
        return await this.#describeJobs(call, moto);
      case "ListJobs":
        return await this.#listJobs(call, moto);
      default:
        return await moto(call);
    }
  }

  async #submitJob(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const { jobName, arrayProperties, containerOverrides } = call.input as Answered;
    if (!/^[A-Za-z0-9][\w-]{0,127}$/.test(jobName)) {
      return refused(call, "Job name should match valid pattern");
    }
    const size = arrayProperties?.size;
    if (size !== undefined && (size < 2 || size > 10_000)) {
      return refused(call, "ArrayProperties size should be between 2 and 10000");
    }
    if (JSON.stringify(containerOverrides ?? {}).length > 8192) {
      return refused(call, "Container Overrides length must be at most 8192");
    }
    return await moto(call);
  }

  async #describeJobs(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const { jobs = [] } = call.input as { jobs?: string[] };
    if (jobs.length > PAGE) return refused(call, "jobs can not be more than 100");
    const answer = await moto(call);
    if (answer.status !== 200) return answer;
    const value = JSON.parse(answer.body);
    for (const job of value.jobs) this.#overlay(job);
    return jsonAnswer(value);
  }

  async #listJobs(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const { jobStatus, filters, arrayJobId, maxResults = PAGE, nextToken = 0 } = call.input as Answered;
    const answer = await moto(withInput(call, { jobStatus: undefined }));
    if (answer.status !== 200) return answer;
    const all = JSON.parse(answer.body).jobSummaryList as Answered[];
    for (const job of all) this.#overlay(job);
    // Without filters a list has the jobs of one status, by default the running ones (ListJobs, `jobStatus`).
    const wanted = all.filter(({ jobId, status }) =>
      (arrayJobId !== undefined || !jobId.includes(":")) &&
      (filters?.length || status === (jobStatus ?? "RUNNING"))
    );
    const from = Number(nextToken);
    const to = from + Math.min(Number(maxResults), PAGE);
    return jsonAnswer({
      jobSummaryList: wanted.slice(from, to),
      ...to < wanted.length ? { nextToken: String(to) } : {},
    });
  }

  #overlay(job: Answered): void {
    const children = this.#children(job);
    const states = children.map((id) => this.#agent.jobs.get(id));
    if (children.length > 0) return overlayParent(job, states);
    const state = this.#agent.jobs.get(job.jobId);
    const index = job.jobId.split(":")[1];
    if (index !== undefined) job.arrayProperties = { index: Number(index) };
    for (const name of ["startedAt", "stoppedAt"]) delete job[name];
    if (!state) {
      job.status = "SUBMITTED";
      return;
    }
    const { status, startedAt, stoppedAt, statusReason, exitCode, containerReason } = state;
    const { logStreamName, logConfiguration } = state;
    Object.assign(job, dropUndefined({ status, startedAt, stoppedAt, statusReason }));
    job.container = {
      ...job.container,
      ...dropUndefined({ exitCode, reason: containerReason, logStreamName, logConfiguration }),
    };
    if (exitCode === undefined) delete job.container.exitCode;
    if (logStreamName === undefined) delete job.container.logStreamName;
  }

  #children(job: Answered): string[] {
    const size = job.arrayProperties?.size;
    if (size !== undefined) return Array.from({ length: size }, (_, index) => `${job.jobId}:${index}`);
    if (job.jobId.includes(":")) return [];
    return [...this.#agent.jobs.keys()].filter((id) => id.startsWith(`${job.jobId}:`));
  }
}

/** A parent is pending until all of its jobs have ended, and fails if one has. */
function overlayParent(job: Answered, states: readonly (JobState | undefined)[]): void {
  const summary: Record<string, number> = {
    ...{ SUBMITTED: 0, PENDING: 0, RUNNABLE: 0, STARTING: 0, RUNNING: 0, SUCCEEDED: 0, FAILED: 0 },
  };
  for (const state of states) summary[state?.status ?? "SUBMITTED"]!++;
  const ended = summary.SUCCEEDED! + summary.FAILED! === states.length;
  job.status = !ended ? "PENDING" : summary.FAILED! > 0 ? "FAILED" : "SUCCEEDED";
  if (!ended) { for (const name of ["startedAt", "stoppedAt"]) delete job[name]; }
  if (job.arrayProperties) job.arrayProperties.statusSummary = summary;
  else job.arrayProperties = { size: states.length };
}

function dropUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}

function refused(call: AwsCall, message: string): AwsAnswer {
  return errorAnswer(call, { code: "ClientException", message, status: 400 });
}
