/**
 * PBS for the scenarios: the fake one, or with PBS_REAL=1 whatever `qsub` is on PATH.
 *
 * @module
 */
import { FakePbs } from "../fakes/pbs/fake_pbs.ts";
import type { BatchCluster, ShownJob } from "./batch_cluster.ts";
import { findProgram, runCommand, tryCommand, until } from "./run_command.ts";

const isReal = Deno.env.get("PBS_REAL") === "1";
/** That a real server's nodes enforce limits of memory can't be seen from here. */
const enforcesMemory = !isReal || Deno.env.get("PBS_ENFORCES_MEMORY") === "1";

/** Why there can be no PBS here, or undefined. */
export async function pbsMissing(): Promise<string | undefined> {
  return isReal && await findProgram("qsub") === undefined
    ? "PBS_REAL=1 needs a real PBS: qsub is not on PATH"
    : undefined;
}

/** Why a real PBS can't keep a history of jobs for a test, or undefined. */
export async function historyMissing(): Promise<string | undefined> {
  const missing = await pbsMissing();
  if (missing !== undefined || !isReal || await realHistory() || await isManager()) return missing;
  return "this PBS keeps no history of jobs, and only a manager may change that";
}

/** A PBS that forgets its jobs as they end, as is the default, or keeps a history of them. */
export function pbsBatchCluster({ history = false } = {}): Promise<BatchCluster> {
  return isReal ? realCluster(history) : fakeCluster(history);
}

async function fakeCluster(history: boolean): Promise<BatchCluster> {
  const fake = await FakePbs.start({
    nodes: { pbs1: 12, pbs2: 12 },
    killDelaySeconds: 5,
    pollSeconds: 3,
    // Less than the end of a run waits for logs: then a fleet that has been stopped leaves nothing, however its jobs end.
    secondCopySeconds: 4,
    lostTermSeconds: 9,
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

/** With the rights of a manager there is nothing that it does not show; root may also stop and start its server. */
async function realCluster(history: boolean): Promise<BatchCluster> {
  const base = shared({ env: {}, nodeCount: 1 });
  const isOurs = await isManager();
  const had = await realHistory();
  const setHistory = async (value: boolean) => {
    if (isOurs && value !== had) await qmgr(`set server job_history_enable = ${value ? "True" : "False"}`);
  };
  await setHistory(history);
  const server = isOurs && Deno.uid() === 0 ? await serverProgram() : undefined;
  return {
    ...base,
    ...isOurs ? { requeue: async (id) => void await run({}, "qrerun", id) } : {},
    ...server === undefined ? {} : {
      stopController: async () => void await run({}, "qterm", "-t", "quick"),
      async startController() {
        await new Deno.Command(server, { stdin: "null", stdout: "null", stderr: "null" }).output();
        await until(
          "the server",
          async () => (await tryCommand(["qstat", "-B"])).code === 0 ? true : undefined,
        );
      },
    },
    async [Symbol.asyncDispose]() {
      if (isOurs && await realHistory() !== had) {
        await qmgr(`set server job_history_enable = ${had ? "True" : "False"}`);
      }
    },
  };
}

async function qmgr(command: string): Promise<string> {
  return await runCommand(["qmgr", "-c", command]);
}

async function realHistory(): Promise<boolean> {
  const { stdout } = await tryCommand(["qmgr", "-c", "list server job_history_enable"]);
  return /job_history_enable = (True|1)/i.test(stdout);
}

/** Whether this user may change what the server does: sets what is set. */
async function isManager(): Promise<boolean> {
  const value = await realHistory() ? "True" : "False";
  return (await tryCommand(["qmgr", "-c", `set server job_history_enable = ${value}`])).code === 0;
}

async function serverProgram(): Promise<string | undefined> {
  const conf = await Deno.readTextFile(Deno.env.get("PBS_CONF_FILE") ?? "/etc/pbs.conf").catch(() => "");
  const folder = /^PBS_EXEC=(.+)$/m.exec(conf)?.[1];
  return folder === undefined ? undefined : `${folder}/sbin/pbs_server`;
}

function shared({ env, nodeCount }: Pick<BatchCluster, "env" | "nodeCount">): BatchCluster {
  return {
    ...{ kind: "CW_PBS", env, nodeCount },
    hasOwnHomes: false,
    // Its shell ends at TERM, but pbs_mom leaves the rest alone until the first poll after kill_delay.
    drainsOnCancel: true,
    params: [],
    shortWalltime: ["walltime=15"],
    refused: { params: ["queue=nowhere"], says: /Unknown queue/i },
    impossible: { params: ["cores=999"], says: /Can Never Run: Insufficient amount of resource/ },
    held: {
      params: ['qsubOptions="-h"'],
      says: /waits?: H \(held\)/,
      release: async (id) => void await run(env, "qrls", id.replace(/\[\d+\]/, "[]")),
    },
    ...enforcesMemory
      ? {
        memoryLimit: {
          params: ["memory=700M"],
          says: /killed for memory \(mem \d+kb exceeded limit 716800kb; 700 MiB were asked for\)/,
        },
      }
      : {},
    killScript: { do: killScript, says: /exit status 137|process \d+: Killed/ },
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

/** pbs_mom keeps a job's script as `ID.SC`; it is run on this machine, by this user. */
function killScript(id: string): Promise<void> {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
      if (!words.some((word) => word.endsWith(`/${id}.SC`))) continue;
      Deno.kill(Number(name), "SIGKILL");
      return Promise.resolve();
    } catch {
      // It has ended while we looked, or is another user's.
    }
  }
  return Promise.reject(new Error(`the script of job ${id} does not run here`));
}

/** Runs a command that is looked for in the given PATH. */
function run(env: Readonly<Record<string, string>>, ...argv: string[]): Promise<string> {
  return runCommand(["/bin/sh", "-c", 'exec "$0" "$@"', ...argv], { env });
}
