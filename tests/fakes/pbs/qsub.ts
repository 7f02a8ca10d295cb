/**
 * From a call of `qsub` to a job.
 *
 * @module
 */
import type { FakePbsConfig } from "./fake_config.ts";
import { clockTime } from "./job_attributes.ts";
import type { JobSpec } from "./pbs_job.ts";
import type { CommandCall } from "./protocol.ts";
import { parseOptions, Refusal, scriptOptions, seconds, splitList } from "./qsub_options.ts";

/** Resources that a job may ask for. */
const RESOURCES = new Set(
  [
    "arch",
    "cput",
    "file",
    "host",
    "mem",
    "mpiprocs",
    "ncpus",
    "nice",
    "nodes",
    "ompthreads",
    "pcput",
    "place",
    "pmem",
  ]
    .concat(["pvmem", "select", "software", "vmem", "vnode", "walltime", "min_walltime", "max_walltime"]),
);

/**
 * The job that is asked for.
 *
 * @throws {Refusal} as qsub refuses it.
 */
export function jobSpec(call: CommandCall, config: FakePbsConfig): JobSpec {
  const { options: given, rest } = parseOptions(call.args);
  const script = rest.length === 0 ? call.stdin : readScript(rest[0]!, call.cwd);
  if (script === undefined || script.trim() === "") {
    throw new Refusal("qsub: script not a file or empty\n", 1);
  }
  if (call.uid === 0 && !config.aclRoots) throw new Refusal("qsub: Bad UID for job execution\n", 175);
  const own = scriptOptions(script);
  const all = (letter: string) => given.get(letter) ?? own.get(letter) ?? [];
  const last = (letter: string) => all(letter).at(-1);
  const queue = last("q") ?? "workq";
  if (!config.queues.includes(queue)) throw new Refusal("qsub: Unknown queue\n", 170);
  const { resources, ncpus, walltimeSeconds } = resourceList([
    ...own.get("l") ?? [],
    ...given.get("l") ?? [],
  ]);
  const name = last("N") ?? (rest.length === 0 ? "STDIN" : rest[0]!.split("/").at(-1)!);
  if (!/^[A-Za-z0-9_+-][\x21-\x7e]{0,229}$/.test(name)) throw new Refusal("qsub: illegal -N value\n", 2);
  const path = (letter: string) => {
    const text = last(letter)?.replace(/^[^:/]*:/, "");
    return text === undefined ? undefined : text.startsWith("/") ? text : `${call.cwd}/${text}`;
  };
  return {
    ...{ name, queue, resources, ncpus, walltimeSeconds, script },
    user: call.user,
    host: config.host,
    project: last("P") ?? "_pbs_project_default",
    priority: Number(last("p") ?? "0"),
    isHeld: all("h").length > 0,
    isRerunable: last("r") !== "n",
    joinPath: last("j") ?? "n",
    keepFiles: last("k") ?? "n",
    outputPath: path("o"),
    errorPath: path("e"),
    variables: variables(call, {
      list: [...own.get("v") ?? [], ...given.get("v") ?? []],
      all: all("V").length > 0,
      queue,
    }),
    shell: last("S") ?? "/bin/bash",
    home: call.env.HOME ?? "/",
    workdir: call.cwd,
    submitArguments: call.args.join(" "),
    array: arrayRange(last("J"), config.maxArraySize),
  };
}

function readScript(path: string, cwd: string): string | undefined {
  try {
    return Deno.readTextFileSync(path.startsWith("/") ? path : `${cwd}/${path}`);
  } catch {
    return undefined;
  }
}

function arrayRange(text: string | undefined, maxArraySize: number): JobSpec["array"] {
  if (text === undefined) return undefined;
  const match = /^(\d+)-(\d+)(?::(\d+))?(?:%\d+)?$/.exec(text);
  const [from, to, step] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3] ?? 1)];
  if (!match || !(from < to) || step < 1) throw new Refusal("qsub: illegal -J value\n", 2);
  const indices: number[] = [];
  for (let index = from; index <= to; index += step) indices.push(index);
  if (indices.length > maxArraySize) {
    throw new Refusal("qsub: Array job exceeds server or queue size limit\n", 198);
  }
  return { text: text.replace(/%\d+$/, ""), step, indices };
}

function resourceList(lists: readonly string[]): Pick<JobSpec, "resources" | "ncpus" | "walltimeSeconds"> {
  const wanted = new Map<string, string>();
  for (const list of lists) {
    for (const item of splitList(list)) {
      const at = item.indexOf("=");
      const [name, value] = at < 0 ? [item, ""] : [item.slice(0, at), item.slice(at + 1)];
      if (!RESOURCES.has(name)) throw new Refusal(`qsub: Unknown resource Resource_List.${name}\n`, 187);
      wanted.set(name, value);
    }
  }
  const select = wanted.get("select");
  let [ncpus, chunks, mem] = [Number(wanted.get("ncpus") ?? "1"), 1, wanted.get("mem")];
  if (select !== undefined) {
    [ncpus, chunks] = [0, 0];
    for (const chunk of select.split("+")) {
      const parts = chunk.split(":");
      const count = /^\d+$/.test(parts[0]!) ? Number(parts.shift()) : 1;
      const members = new Map(parts.map((part) => part.split("=") as [string, string]));
      for (const name of members.keys()) {
        if (!RESOURCES.has(name)) throw new Refusal(`qsub: Unknown resource Resource_List.${name}\n`, 187);
      }
      chunks += count;
      ncpus += count * Number(members.get("ncpus") ?? "1");
      mem ??= members.get("mem");
    }
  }
  const walltime = wanted.get("walltime");
  const walltimeSeconds = walltime === undefined ? undefined : seconds(walltime);
  if (!(ncpus > 0) || walltime !== undefined && walltimeSeconds === undefined) {
    const name = ncpus > 0 ? "walltime" : "ncpus";
    throw new Refusal(`qsub: Illegal attribute or resource value Resource_List.${name}\n`, 166);
  }
  const resources: Record<string, string> = {
    ...mem === undefined ? {} : { mem },
    ncpus: String(ncpus),
    nodect: String(chunks),
    place: wanted.get("place") ?? (select === undefined ? "pack" : "free"),
    select: select ?? `1:ncpus=${ncpus}`,
    ...walltimeSeconds === undefined ? {} : { walltime: clockTime(walltimeSeconds) },
  };
  return { resources, ncpus, walltimeSeconds };
}

function variables(
  { env, cwd, user }: CommandCall,
  { list, all, queue }: { list: readonly string[]; all: boolean; queue: string },
): Record<string, string> {
  const own: Record<string, string> = {};
  for (const item of list.flatMap(splitList)) {
    const at = item.indexOf("=");
    if (at >= 0) own[item.slice(0, at)] = item.slice(at + 1);
    else if (env[item] !== undefined) own[item] = env[item];
  }
  return {
    ...all ? env : {},
    ...own,
    PBS_O_HOME: env.HOME ?? "/",
    PBS_O_LOGNAME: user,
    PBS_O_PATH: env.PATH ?? "",
    PBS_O_INTERACTIVE_AUTH_METHOD: "resvport",
    PBS_O_INTERACTIVE_ENCRYPT_METHOD: "",
    PBS_O_WORKDIR: cwd,
    PBS_O_SYSTEM: "Linux",
    PBS_O_QUEUE: queue,
    PBS_O_HOST: Deno.hostname(),
  };
}
