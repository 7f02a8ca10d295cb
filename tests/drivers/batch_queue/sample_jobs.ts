/**
 * Jobs as a run would submit them, with nothing of this machine in them.
 *
 * @module
 */
import type { FleetSpec } from "../../../core/driver.ts";
import { checkedParams } from "../../../drivers/batch_queue/batch_driver.ts";
import type { BatchScheduler } from "../../../drivers/batch_queue/batch_scheduler.ts";
import type { BatchQueueParams } from "../../../drivers/batch_queue/extra_params.ts";
import { type JobSubmission, WorkerJobs } from "../../../drivers/batch_queue/worker_jobs.ts";
import { pbsScheduler } from "../../../drivers/pbs/pbs_scheduler.ts";
import { sgeScheduler } from "../../../drivers/sge/sge_scheduler.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";

/** Every scheduler, by the name of its goldens' folder. */
export const SCHEDULERS: Readonly<Record<string, BatchScheduler>> = {
  slurm,
  pbs: pbsScheduler(),
  sge: sgeScheduler(),
};

/** What a sample job is made with. */
export interface SampleOptions {
  readonly workers?: number;
  readonly first?: number;
  readonly haveSharedTemp?: boolean;
  readonly threadsPerWorker?: number;
  readonly jobName?: string;
  readonly folder?: string;
  readonly file?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A submission of workers with these parameters. */
export function sampleJob(
  scheduler: BatchScheduler,
  params: BatchQueueParams,
  options: SampleOptions = {},
): JobSubmission {
  return sampleJobs(scheduler, params, options).jobs.make(options.first ?? 0, options.workers ?? 4);
}

/** A maker of such submissions. */
export function sampleJobs(
  scheduler: BatchScheduler,
  params: BatchQueueParams,
  options: SampleOptions = {},
): { jobs: WorkerJobs; spec: FleetSpec } {
  const { workers = 4, haveSharedTemp = true, threadsPerWorker = 1, folder = "/home/ann/work" } = options;
  const file = options.file ?? "/home/ann/.blockfleet/run/r1/channel";
  const checked = checkedParams(scheduler, { program: "/opt/deno/bin/deno", ...params });
  const spec = sampleSpec({ workers, threadsPerWorker, haveSharedTemp, jobName: options.jobName });
  const jobs = new WorkerJobs({
    ...{ scheduler, runId: "r1", spec, params: checked, folder },
    channel: {
      hosts: ["login1"],
      port: 40_000,
      arguments: haveSharedTemp
        ? ["--channel-file", file]
        : ["--channel", "blockfleet:1/r1/login1/40000/plain/any"],
      ...haveSharedTemp ? { file } : {},
      secrets: haveSharedTemp ? [] : [["BLOCKFLEET_KEY", "k3y"]],
    },
    logFolder: params.logFolder ? `${params.logFolder}/blockfleet_r1` : "/home/ann/.blockfleet/logs/r1",
    environment: { PATH: "/usr/bin:/bin", HOME: "/home/ann", SECRET_TOKEN: "s3cret", ...options.environment },
  });
  return { jobs, spec };
}

/** A script without the place of this checkout. */
export function placeless(script: string): string {
  return script.replaceAll(new URL("../../../", import.meta.url).href, "file:///opt/blockfleet/");
}

function sampleSpec(
  given: { workers: number; threadsPerWorker: number; haveSharedTemp: boolean; jobName: string | undefined },
): FleetSpec {
  return {
    ...given,
    maxWorkers: given.workers,
    program: { threadUrl: new URL("file:///none"), runHere: () => Promise.resolve() },
    extraParams: {},
    singleBlockComputeWorkers: false,
    access: { read: [], net: [], everything: true, flags: [] },
  };
}
