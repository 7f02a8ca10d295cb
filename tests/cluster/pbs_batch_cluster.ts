/**
 * PBS for the scenarios: the fake one, or with PBS_REAL=1 whatever `qsub` is on PATH.
 *
 * @module
 */
import { FakePbs } from "../fakes/pbs/fake_pbs.ts";
import type { BatchCluster, ShownJob } from "./batch_cluster.ts";
import { findProgram, runCommand } from "./run_command.ts";

const isReal = Deno.env.get("PBS_REAL") === "1";

/** Why there can be no PBS here, or undefined. */
export async function pbsMissing(): Promise<string | undefined> {
  return isReal && await findProgram("qsub") === undefined
    ? "PBS_REAL=1 needs a real PBS: qsub is not on PATH"
    : undefined;
}

/** A PBS that forgets its jobs as they end, as is the default, or keeps a history of them; a real one does what it does. */
export async function pbsBatchCluster({ history = false } = {}): Promise<BatchCluster> {
  if (isReal) return shared({ env: {}, nodeCount: 1 });
  const fake = await FakePbs.start({
    nodes: { pbs1: 12, pbs2: 12 },
    killDelaySeconds: 5,
    pollSeconds: 3,
    history,
  });
  const base = shared({ env: fake.env, nodeCount: 2 });
  return {
    ...base,
    hasOwnHomes: true,
    profile: fake.profile,
    requeue: async (id) => void await run(fake.env, "qrerun", id),
    stopController: () => fake.down(),
    startController: () => fake.up(),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

function shared({ env, nodeCount }: Pick<BatchCluster, "env" | "nodeCount">): BatchCluster {
  return {
    ...{ kind: "CW_PBS", env, nodeCount },
    hasOwnHomes: false,
    // The job's top shell ends at TERM, and pbs_mom then kills what is left (catch_child.c of OpenPBS).
    drainsOnCancel: false,
    params: [],
    shortWalltime: ["walltime=15"],
    refused: { params: ["queue=nowhere"], says: /Unknown queue/i },
    impossible: { params: ["cores=999"], says: /Can Never Run: Insufficient amount of resource/ },
    async jobs(name) {
      const out = await run(env, "qstat", "-t", "-f", "-w");
      return out.split(/^Job Id: /m).slice(1).flatMap((text): ShownJob[] => {
        const value = (key: string) => new RegExp(`^    ${key} = (.*)$`, "m").exec(text)?.[1];
        const state = value("job_state");
        // An array's own entry is none of its elements.
        if (
          !value("Job_Name")?.includes(name) || value("array") === "True" || state === "X" || state === "F"
        ) return [];
        return [{
          id: text.slice(0, text.indexOf("\n")).trim(),
          node: value("exec_host")?.split("/")[0],
          state: state === "R" ? "running" : state === "E" ? "ending" : "queued",
        }];
      });
    },
    show: (id) => run(env, "qstat", "-f", "-w", id),
    cancel: async (id) => void await run(env, "qdel", id),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Runs a command that is looked for in the given PATH. */
function run(env: Readonly<Record<string, string>>, ...argv: string[]): Promise<string> {
  return runCommand(["/bin/sh", "-c", 'exec "$0" "$@"', ...argv], { env });
}
