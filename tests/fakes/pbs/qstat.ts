/**
 * The fake PBS's `qstat`.
 *
 * @module
 */
import { formatFull, formatJson, formatTable } from "./format_jobs.ts";
import { jobId, type PbsJob } from "./pbs_job.ts";
import type { PbsServer } from "./pbs_server.ts";
import type { CommandCall, CommandReply } from "./protocol.ts";

interface Wanted {
  readonly flags: ReadonlySet<string>;
  readonly isJson: boolean;
  readonly user: string | undefined;
  readonly ids: readonly string[];
}

/** Answers a call. */
export function qstat(call: CommandCall, server: PbsServer): CommandReply {
  const wanted = parse(call.args);
  const { flags, isJson, user, ids } = wanted;
  if (flags.has("B")) return { stdout: serverText(server, flags.has("f")), stderr: "", code: 0 };
  const shownIds = ids.length > 0 ? ids : server.jobs.map((job) => jobId(job, server.config.server));
  // With -E they are asked for at once, by their numbers.
  const asked = flags.has("E")
    ? shownIds.toSorted((one, other) => parseInt(one) - parseInt(other))
    : shownIds;
  const answers = asked.map((id) => ({ id, ...lookUp(id, wanted, server) }));
  const found = answers.flatMap(({ job }): PbsJob[] => {
    if (!job || user !== undefined && job.spec.user !== user) return [];
    return [server.refresh(job), ...flags.has("t") ? job.elements ?? [] : []];
  });
  const errors = answers.flatMap(({ error }) => error ? [error] : []);
  // Asked at once, one that is known is an answer; else the last one's error is that of all (req_stat.c of OpenPBS).
  const told = !flags.has("E") ? errors : errors.length < asked.length ? [] : errors.slice(-1);
  // Of several ids this version shows only the first in JSON, unless they are asked for at once (openpbs#2672).
  const shown = isJson && ids.length > 1 && !flags.has("E") ? firstWithElements(found) : found;
  const { server: name } = server.config;
  const stdout = !flags.has("f")
    ? formatTable(shown, name)
    : isJson
    ? formatJson(shown, name, Math.floor(Date.now() / 1000))
    : formatFull(shown, name, flags.has("w"));
  return {
    stdout,
    stderr: told.map(({ text }) => `qstat: ${text}\n`).join(""),
    code: told.at(-1)?.code ?? 0,
  };
}

interface Found {
  readonly job?: PbsJob;
  readonly error?: { readonly text: string; readonly code: number };
}

/** A job that is to be shown, what is wrong with its id, or neither. */
function lookUp(id: string, { flags, ids }: Wanted, server: PbsServer): Found {
  const withHistory = flags.has("x") || flags.has("H");
  const full = id.includes(".") ? id : `${id}.${server.config.server}`;
  // The server looks at no job then.
  if (flags.has("x") && !server.config.history && ids.length > 0) {
    return { error: { text: `PBS is not configured to maintain job history ${full}`, code: 0 } };
  }
  const job = server.find(id);
  if (!job) return { error: { text: `Unknown Job Id ${full}`, code: 153 } };
  if (job.state !== "F") return flags.has("H") ? {} : { job };
  if (withHistory) return { job };
  if (ids.length === 0) return {};
  const text = `${full} Job has finished, use -x or -H to obtain historical job information`;
  return { error: { text, code: 35 } };
}

function firstWithElements(jobs: readonly PbsJob[]): PbsJob[] {
  return jobs.filter(({ sequence, index }, at) =>
    at === 0 || sequence === jobs[0]!.sequence && index !== undefined
  );
}

function parse(args: readonly string[]): Wanted {
  const flags = new Set<string>();
  const [ids, rest] = [[] as string[], [...args]];
  let [isJson, user] = [false, undefined as string | undefined];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (!word.startsWith("-")) {
      ids.push(word);
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      flags.add(letter);
      if (letter !== "F" && letter !== "u" && letter !== "D") continue;
      const value = word.slice(at + 1) || rest.shift();
      if (letter === "F") isJson = value?.toLowerCase() === "json";
      if (letter === "u") user = value;
      break;
    }
  }
  return { flags, isJson, user, ids };
}

function serverText({ config, jobs }: PbsServer, isFull: boolean): string {
  const parts = jobs.flatMap((job) => job.elements ?? [job]);
  const count = (...states: string[]) => parts.filter(({ state }) => states.includes(state)).length;
  if (!isFull) {
    const numbers = [0, parts.length, count("Q"), count("R"), count("H"), 0, 0, count("E")];
    return "Server             Max   Tot   Que   Run   Hld   Wat   Trn   Ext Status\n" +
      "---------------- ----- ----- ----- ----- ----- ----- ----- ----- -----------\n" +
      `${config.server.padEnd(16)} ${numbers.map((n) => String(n).padStart(5)).join(" ")} Active\n`;
  }
  const states = `Transit:0 Queued:${count("Q")} Held:${count("H")} Waiting:0 Running:${count("R")} Exiting:${
    count("E")
  } Begun:${jobs.filter(({ state }) => state === "B").length} `;
  return [
    `Server: ${config.server}`,
    "    server_state = Active",
    `    server_host = ${config.host}`,
    "    scheduling = True",
    `    total_jobs = ${parts.length}`,
    `    state_count = ${states}`,
    "    default_queue = workq",
    "    log_events = 511",
    "    resources_default.ncpus = 1",
    "    default_chunk.ncpus = 1",
    ...config.history ? ["    job_history_enable = True"] : [],
    `    max_array_size = ${config.maxArraySize}`,
    "    pbs_version = 23.06.06",
    "    max_concurrent_provision = 5",
    "",
    "",
  ].join("\n");
}
