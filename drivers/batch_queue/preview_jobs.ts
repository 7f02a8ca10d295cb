/**
 * What would be submitted, for people.
 *
 * @module
 */
import type { FleetSpec, Preview } from "../../core/driver.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import type { CheckedParams } from "./extra_params.ts";
import { ANOTHER_LOG_FOLDER, logFolderPath } from "./log_folder.ts";
import { checkLogPath } from "./one_line.ts";
import { shellWords } from "./shell_words.ts";
import { WorkerJobs } from "./worker_jobs.ts";

/** Arrays where the site's limit is not asked for. */
const ARRAY_LIMIT = 1000;

/** The script and the submit command of each submission, with placeholders in capitals for what only a run has. */
export function previewJobs(scheduler: BatchScheduler, spec: FleetSpec, params: CheckedParams): Preview {
  const home = Deno.env.get("HOME") ?? "HOME";
  const logFolder = logFolderPath("RUN", params.logFolder, home);
  checkLogPath(logFolder, "the workers' logs", ANOTHER_LOG_FOLDER);
  const file = `${params.addressFolder ?? `${home}/.blockfleet/run`}/RUN/channel`;
  const jobs = new WorkerJobs({
    scheduler,
    runId: "RUN",
    spec,
    params,
    channel: {
      hosts: ["HOST"],
      port: "PORT",
      arguments: spec.haveSharedTemp ? ["--channel-file", file] : ["--channel", "ADDRESS"],
      ...spec.haveSharedTemp ? { file } : {},
      secrets: spec.haveSharedTemp ? [] : [["BLOCKFLEET_KEY", "KEY"]],
    },
    logFolder,
    folder: Deno.cwd(),
    environment: placeholders(params),
  });
  const limit = params.arrays ? Math.min(params.maxArraySize ?? ARRAY_LIMIT, ARRAY_LIMIT) : 1;
  const whole = Math.floor(spec.workers / limit);
  const submissions = limit === 1
    ? [1]
    : [...whole > 0 ? [limit] : [], ...spec.workers % limit > 0 ? [spec.workers % limit] : []];
  let first = 0;
  return {
    steps: submissions.flatMap((workers, index) => {
      const count = index === 0 ? limit === 1 ? spec.workers : Math.max(1, whole) : 1;
      const { script, command } = jobs.make(first, workers);
      first += count * workers;
      const times = count === 1 ? "" : `, ${count} times, each with its own number(s)`;
      const many = workers === 1 ? "one worker" : `${workers} workers`;
      return [
        { title: `Job script of ${many}`, text: script },
        { title: `Submitted by${times}`, text: `${shellWords(command)} < SCRIPT` },
      ];
    }),
  };
}

/** Values of this process's variables may be secrets, so a preview shows none. */
function placeholders({ exportEnv }: CheckedParams): Record<string, string> {
  const cached = ["DENO_DIR", "XDG_CACHE_HOME"].map((name) => [name, Deno.env.get(name) ?? ""]);
  return Object.fromEntries([...cached, ...exportEnv.map(([name]) => [name, `VALUE_OF_${name}`])]);
}
