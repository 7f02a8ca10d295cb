/**
 * Grid Engine for the scenarios.
 *
 * @module
 */
import type { BatchCluster, ShownJob } from "./batch_cluster.ts";
import { runCommand } from "./run_command.ts";
import { SgeCluster } from "./sge_cluster.ts";

/** A real Grid Engine of one host. */
export async function sgeBatchCluster(): Promise<BatchCluster> {
  const sge = await SgeCluster.start();
  const { env } = sge;
  const run = (...argv: string[]) => runCommand(argv, { env });
  return {
    kind: "CW_SGE",
    env,
    hasOwnHomes: true,
    drainsOnCancel: true,
    nodeCount: 1,
    // A job has the home that the system knows of its user, whatever qsub is told.
    params: ['exportEnv=["HOME"]'],
    shortWalltime: ["walltime=15"],
    refused: { params: ["queue=nowhere"], says: /requests unknown queue/ },
    impossible: {
      params: ["cores=999", "parallelEnvironment=smp"],
      says: /qw: cannot run in PE "smp" because it only offers \d+ slots/,
    },
    held: {
      params: ['qsubOptions="-h"'],
      says: /waits?: hqw/,
      release: async (id) => void await run("qrls", id.split(".")[0]!),
    },
    async jobs(name) {
      const text = await run("qstat", "-g", "d", "-r", "-xml", "-u", "*");
      return [...text.matchAll(/<job_list .*?<\/job_list>/gs)].flatMap(([entry]): ShownJob[] => {
        const value = (key: string) => new RegExp(`<${key}>([^<]*)</${key}>`).exec(entry)?.[1] ?? "";
        if (!value("full_job_name").includes(name)) return [];
        const state = value("state");
        const task = value("tasks");
        return [{
          id: value("JB_job_number") + (task === "" ? "" : `.${task}`),
          node: value("queue_name").split("@")[1],
          state: /[qw]/.test(state) ? "queued" : state.includes("d") ? "ending" : "running",
        }];
      });
    },
    show: (id) => run("qstat", "-j", id.split(".")[0]!),
    cancel: async (id) => void await run("qdel", id),
    requeue: async (id) => void await run("qmod", "-rj", id),
    suspend: async (id) => void await run("qmod", "-sj", id),
    killScript: { do: (id) => sge.killScript(id), says: /failed 100: assumedly after job, exit status 137/ },
    stopController: () => sge.stopController(),
    startController: () => sge.startController(),
    [Symbol.asyncDispose]: () => sge.stop(),
  };
}
