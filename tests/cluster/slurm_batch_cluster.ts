/**
 * SLURM for the scenarios.
 *
 * @module
 */
import type { BatchCluster, ShownJob } from "./batch_cluster.ts";
import { runCommand, tryCommand, until } from "./run_command.ts";
import { SlurmCluster } from "./slurm_cluster.ts";

/** A real SLURM of two nodes. */
export async function slurmBatchCluster(): Promise<BatchCluster> {
  const slurm = await SlurmCluster.start();
  const { env } = slurm;
  const scontrol = (...args: string[]) => runCommand(["scontrol", ...args], { env });
  return {
    kind: "CW_SLURM",
    env,
    hasOwnHomes: true,
    drainsOnCancel: true,
    nodeCount: slurm.nodes.length,
    params: [],
    shortWalltime: ["walltime=60"],
    refused: { params: ["partition=nowhere"], says: /invalid partition/i },
    impossible: {
      params: ["cores=999"],
      says: /PartitionConfig|PartitionNodeLimit|BadConstraints|Resources/,
    },
    held: {
      params: ['sbatchOptions="--hold"'],
      says: /PENDING: JobHeldUser/,
      release: async (id) => void await scontrol("release", id.split("_")[0]!),
    },
    async jobs(name) {
      const out = await runCommand(["squeue", "-h", "-r", "-o", "%i|%T|%N|%j"], { env });
      return out.split("\n").filter((line) => line.includes(name)).map((line): ShownJob => {
        const [id, state, node] = line.split("|");
        return {
          id: id!,
          node: node || undefined,
          state: state === "RUNNING" ? "running" : state === "COMPLETING" ? "ending" : "queued",
        };
      });
    },
    show: (id) => scontrol("show", "job", "-dd", id),
    cancel: async (id) => void await runCommand(["scancel", id], { env }),
    endSoon: async (id) => void await scontrol("update", `jobid=${id}`, "EndTime=now+5"),
    async requeue(id) {
      await scontrol("requeue", id);
      // Only when its processes have ended does it wait again, and for two minutes unless it is told otherwise.
      await until("its return to the queue", async () => {
        const state = await runCommand(["squeue", "-h", "-r", "-j", id, "-o", "%T"], { env });
        return state.trim() === "PENDING" ? true : undefined;
      });
      await scontrol("update", `jobid=${id}`, "StartTime=now");
    },
    nodeDown: async (node) =>
      void await scontrol("update", `nodename=${node}`, "state=down", "reason=scenario"),
    async nodeUp(node) {
      // A node that registers again by itself needs no word, and then it is an error.
      await tryCommand(["scontrol", "update", `nodename=${node}`, "state=resume"], { env });
      await until("its return", async () => {
        const state = await runCommand(["sinfo", "-h", "-n", node, "-o", "%T"], { env });
        return /^(idle|mixed|allocated)\n/.test(state) ? true : undefined;
      });
    },
    stopController: () => slurm.stopController(),
    startController: () => slurm.startController(),
    [Symbol.asyncDispose]: () => slurm.stop(),
  };
}
