/**
 * Asks SLURM about jobs, each cluster about its own.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import {
  complaint,
  isMeantBy,
  type QueueAnswer,
  type QueueReport,
  type SubmittedJob,
} from "../batch_queue/batch_scheduler.ts";
import type { CommandRunner } from "../batch_queue/run_command.ts";
import { byCluster, clusterId, clusterWords, elementId, inCluster } from "./slurm_clusters.ts";
import { parseShowJob, parseSqueue, SQUEUE_FORMAT } from "./slurm_queue.ts";

/** Commands that only ask; a controller that is down answers after 9 s, with `-j` after 18. */
const ASK_MS = 30_000;
/** More than so many jobs are asked for by their owner, not one by one. */
const NAMED_JOBS = 200;
/** What `squeue` writes above the jobs of each cluster. */
const CLUSTER_LINE = /^CLUSTER: (\S+)$/;

/**
 * The command that lists these jobs of one cluster, or all of the user's in the own one if there are none.
 *
 * @throws {ConfigError} if they are in several clusters.
 */
export function squeueCommand(jobIds: readonly string[]): string[] {
  const clusters = [...byCluster(jobIds)];
  if (clusters.length > 1) {
    throw new ConfigError(
      `squeue lists the jobs of one cluster at a time, and ${jobIds.join(" and ")} are in several: ` +
        "ask for those of each by themselves",
    );
  }
  const [cluster, ids = []] = clusters[0] ?? [];
  const isShort = ids.length > 0 && ids.length <= NAMED_JOBS;
  const named = isShort ? ["-j", ids.join(",")] : ["-u", String(Deno.uid() ?? "")];
  return ["squeue", ...clusterWords(cluster), "-h", "-r", "-t", "all", ...named, "-o", SQUEUE_FORMAT];
}

/** Asks about jobs, in one command for each cluster. */
export async function askSlurm(run: CommandRunner, jobs: readonly SubmittedJob[]): Promise<QueueAnswer> {
  const clusters = [...Map.groupBy(jobs, ({ jobId }) => clusterId(jobId).cluster)];
  const answers = await Promise.all(
    clusters.map(async ([cluster, jobs]) => ({ jobs, answer: await askCluster(run, cluster, jobs) })),
  );
  const heard = answers.filter(({ answer }) => answer.trouble === undefined);
  if (heard.length === 0) return answers[0]!.answer;
  const reports = new Map<string, QueueReport>();
  for (const { jobs, answer } of answers) {
    for (const [id, report] of answer.reports) reports.set(id, report);
    if (answer.trouble === undefined) continue;
    // One cluster's silence is no word on its jobs, and no reason to forget what the others have said.
    const report = { state: "unknown", reason: answer.trouble } as const;
    for (const id of jobs.flatMap(elementIds)) reports.set(id, report);
  }
  return { reports, unknownJobs: new Set(answers.flatMap(({ answer }) => [...answer.unknownJobs])) };
}

async function askCluster(
  run: CommandRunner,
  cluster: string | undefined,
  jobs: readonly SubmittedJob[],
): Promise<QueueAnswer> {
  const result = await run(squeueCommand(jobs.map(({ jobId }) => jobId)), { timeoutMs: ASK_MS });
  if (result.exitCode === 0) {
    return { reports: ofCluster(parseSqueue(result.stdout), cluster), unknownJobs: new Set() };
  }
  // Said of a single job only: in a list those that are not known are passed over.
  if (jobs.length === 1 && /invalid job id specified/i.test(result.stderr)) {
    return { reports: new Map(), unknownJobs: new Set([jobs[0]!.jobId]) };
  }
  return { trouble: complaint(result), reports: new Map(), unknownJobs: new Set() };
}

/** Asks how jobs ended. */
export async function askSlurmEnds(
  run: CommandRunner,
  queueIds: readonly string[],
): Promise<Map<string, QueueReport>> {
  const reports = new Map<string, QueueReport>();
  for (const [cluster, ids] of byCluster(queueIds)) {
    for (const job of new Set(ids.map((id) => id.split("_")[0]!))) {
      const words = ["scontrol", ...clusterWords(cluster), "show", "job", "-o", job];
      const { exitCode, stdout } = await run(words, { timeoutMs: ASK_MS });
      if (exitCode !== 0) continue;
      for (const [id, report] of ofCluster(parseShowJob(stdout), cluster)) reports.set(id, report);
    }
  }
  return reports;
}

/** Ids of this user's jobs whose comment is this token, or begins with it; undefined if a cluster did not answer. */
export async function findSlurmJobs(
  run: CommandRunner,
  token: string,
  clusters?: string,
): Promise<string[] | undefined> {
  // The heads of the lists name the clusters, which no field of a line does.
  const states = ["-t", "PENDING,RUNNING,SUSPENDED,CONFIGURING,COMPLETING"];
  const user = ["-u", String(Deno.uid() ?? "")];
  const words = ["squeue", ...clusterWords(clusters), ...states, ...user, "-o", "%F|%k"];
  const result = await run(words, { timeoutMs: ASK_MS });
  // If only some clusters answer, that is no failure for squeue.
  const isPart = clusters !== undefined && /error/i.test(result.stderr);
  if (result.exitCode !== 0 || isPart) return undefined;
  const found = new Set<string>();
  let cluster: string | undefined;
  for (const line of result.stdout.split("\n")) {
    cluster = CLUSTER_LINE.exec(line)?.[1] ?? cluster;
    const [id, ...comment] = line.trim().split("|");
    if (isMeantBy(token, comment.join("|"))) found.add(inCluster(id!, cluster));
  }
  return [...found];
}

function ofCluster(
  reports: ReadonlyMap<string, QueueReport>,
  cluster: string | undefined,
): Map<string, QueueReport> {
  return new Map([...reports].map(([id, report]) => [inCluster(id, cluster), report]));
}

function elementIds({ jobId, arraySize }: SubmittedJob): string[] {
  return arraySize === undefined
    ? [jobId]
    : Array.from({ length: arraySize }, (_, index) => elementId(jobId, index));
}
