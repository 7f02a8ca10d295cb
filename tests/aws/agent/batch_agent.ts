/**
 * Runs the jobs of AWS Batch that moto holds, and tells how they fare, which moto, without Docker, can't.
 *
 * @module
 */
import type { MotoClient } from "../moto_client.ts";
import { Container, environmentOf } from "./container.ts";
import { type LogConfiguration, LogStream } from "./log_stream.ts";
import type { AgentOptions } from "./ecs_agent.ts";

/** How a job fares. */
export interface JobState {
  readonly jobId: string;
  /** Its log stream, once it has one. */
  logStreamName?: string;
  /** What its definition says of its log. */
  readonly logConfiguration?: LogConfiguration | undefined;
  status: "RUNNABLE" | "STARTING" | "RUNNING" | "SUCCEEDED" | "FAILED";
  startedAt?: number;
  stoppedAt?: number;
  statusReason?: string;
  exitCode?: number;
  containerReason?: string;
  container?: Container;
}

/** Batch's time between SIGTERM and SIGKILL, milliseconds. */
const STOP_TIMEOUT_MS = 30_000;

/** AWS Batch User Guide, "CloudWatch Logs". */
const DEFAULT_GROUP = "/aws/batch/job";

/** Runs jobs. */
export class BatchAgent {
  /** Every job that it has seen but the parents of arrays, by id. */
  readonly jobs = new Map<string, JobState>();
  readonly #moto: MotoClient;
  readonly #options: AgentOptions;
  readonly #running = new Set<Promise<void>>();
  #defaultGroup: Promise<unknown> | undefined;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(moto: MotoClient, options: AgentOptions) {
    this.#moto = moto;
    this.#options = options;
  }

  /** Looks into moto once. */
  async look(): Promise<void> {
    const { jobQueues } = await this.#moto.batch("DescribeJobQueues");
    for (const { jobQueueArn, state } of jobQueues) {
      const { jobSummaryList } = await this.#moto.batch("ListJobs", { jobQueue: jobQueueArn });
      const reasons = new Map<string, string>();
      for (const { jobId, statusReason } of jobSummaryList) {
        // A job of an array is terminated with its parent.
        const reason = statusReason ?? reasons.get(jobId.split(":")[0]);
        if (reason !== undefined) reasons.set(jobId, reason);
        if (this.#isParent(jobId, jobSummaryList)) continue;
        const known = this.jobs.get(jobId);
        if (known) { if (reason !== undefined) this.#stop(known, reason); }
        else if (reason !== undefined || state === "ENABLED") await this.#begin(jobId, reason);
      }
    }
  }

  /** Ends a job as the kernel does with one that needs too much memory. */
  killForMemory(jobId: string): void {
    const job = this.jobs.get(jobId)!;
    job.containerReason = "OutOfMemoryError: Container killed due to memory usage";
    job.container?.kill();
  }

  /** Ends a job as the end of its Spot instance does. */
  hostGone(jobId: string): void {
    const job = this.jobs.get(jobId)!;
    job.statusReason = "Host EC2 (instance i-0123456789abcdef0) terminated.";
    job.container?.kill();
  }

  /** Kills what still runs. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { container } of this.jobs.values()) container?.kill();
    await Promise.all(this.#running);
  }

  #isParent(jobId: string, list: { jobId: string }[]): boolean {
    return !jobId.includes(":") && list.some((other) => other.jobId.startsWith(`${jobId}:`));
  }

  async #begin(jobId: string, terminated: string | undefined): Promise<void> {
    const { jobs: [held] } = await this.#moto.batch("DescribeJobs", { jobs: [jobId] });
    const { jobDefinitions: [definition] } = await this.#moto.batch("DescribeJobDefinitions", {
      jobDefinitions: [held.jobDefinition],
    });
    const { logConfiguration } = definition.containerProperties;
    const job: JobState = { jobId, logConfiguration, status: "RUNNABLE" };
    this.jobs.set(jobId, job);
    if (terminated !== undefined) return this.#stop(job, terminated);
    const image = this.#options.images[definition.containerProperties.image];
    if (!image) {
      const containerReason =
        `CannotPullContainerError: image '${definition.containerProperties.image}' not found`;
      Object.assign(job, {
        status: "FAILED",
        statusReason: "Task failed to start",
        containerReason,
        stoppedAt: Date.now(),
      });
      return;
    }
    const index = jobId.split(":")[1];
    const { AWS_BATCH_JOB_ID: _, ...environment } = environmentOf(held.container.environment);
    job.container = new Container({
      image,
      command: held.container.command,
      environment: {
        ...environment,
        AWS_BATCH_JOB_ID: jobId,
        AWS_BATCH_JOB_ATTEMPT: "1",
        AWS_BATCH_JQ_NAME: held.jobQueue.split("/").at(-1),
        AWS_EXECUTION_ENV: "AWS_ECS_EC2",
        ...index === undefined ? {} : { AWS_BATCH_JOB_ARRAY_INDEX: index },
      },
      stopTimeoutMs: STOP_TIMEOUT_MS,
      folder: this.#options.folder,
      log: await this.#openLog(job, definition.jobDefinitionName),
    });
    Object.assign(job, { status: "RUNNING", startedAt: Date.now() });
    const seconds = held.timeout?.attemptDurationSeconds ?? definition.timeout?.attemptDurationSeconds;
    if (seconds !== undefined) this.#limit(job, seconds);
    const running = this.#run(job).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Batch's own group is there in every account. */
  async #openLog(job: JobState, definition: string): Promise<LogStream | undefined> {
    const { "awslogs-group": group = DEFAULT_GROUP, "awslogs-stream-prefix": prefix = definition } =
      job.logConfiguration?.options ?? {};
    job.logStreamName = `${prefix}/default/${job.jobId.replace(":", "/")}`;
    if (group === DEFAULT_GROUP) await this.#makeDefaultGroup();
    return await LogStream.open(this.#moto, { group, stream: job.logStreamName });
  }

  async #makeDefaultGroup(): Promise<void> {
    this.#defaultGroup ??= this.#moto.logs("CreateLogGroup", { logGroupName: DEFAULT_GROUP });
    await this.#defaultGroup;
  }

  #limit(job: JobState, seconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#stop(job, "Job attempt duration exceeded timeout");
    }, 1000 * seconds);
    this.#timers.add(timer);
    // A test that is over need not wait for it.
    Deno.unrefTimer(timer as unknown as number);
  }

  async #run(job: JobState): Promise<void> {
    const exitCode = await job.container!.ended;
    Object.assign(job, { exitCode, stoppedAt: Date.now() });
    const succeeded = exitCode === 0 && job.statusReason === undefined;
    job.status = succeeded ? "SUCCEEDED" : "FAILED";
    job.statusReason ??= "Essential container in task exited";
  }

  #stop(job: JobState, reason: string): void {
    if (job.status === "SUCCEEDED" || job.status === "FAILED") return;
    job.statusReason ??= reason;
    if (job.container) job.container.stop();
    else Object.assign(job, { status: "FAILED", stoppedAt: Date.now() });
  }
}
