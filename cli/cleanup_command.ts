/**
 * `blockfleet cleanup`: removes what killed runs left behind.
 *
 * @module
 */
import { cleanupRuns, type CleanupSummary } from "../core/cleanup.ts";
import { ConfigError } from "../core/errors.ts";
import { listRegisteredRuns } from "../core/register/registered_runs.ts";
import type { RegisteredRun } from "../core/register/run_register.ts";
import { findDriver } from "../core/registry.ts";
import type { CliConsole } from "./cli_console.ts";
import { driverOption } from "./driver_option.ts";
import { EXIT_DONE, EXIT_FAILED } from "./exit_status.ts";
import { toJson } from "./json_output.ts";
import type { ParsedOptions } from "./option_table.ts";
import { runLines } from "./run_lines.ts";

const CHOICES = ["run", "job-name", "all-dead"];
/** Options that mean nothing where runs are only listed. */
const NEEDS_CHOICE = ["dry-run", "force", "yes"];

/** Runs the command. */
export async function runCleanup(options: ParsedOptions, console: CliConsole): Promise<number> {
  const [choice, second] = CHOICES.filter((name) => options.has(name));
  if (second !== undefined) throw new ConfigError(`--${choice} and --${second} both choose runs: give one`);
  if (options.has("force") && (choice === undefined || choice === "all-dead")) {
    throw new ConfigError("--force is about runs that live: name them, with --run ID or --job-name NAME");
  }
  await driverOption(options);
  const kind = options.value("kind");
  if (kind !== undefined) await requireKind(kind);
  if (choice === undefined && kind === undefined) return await list(options, console);
  const isJson = options.has("json");
  const jobName = options.value("job-name");
  const summary = await cleanupRuns({
    runIds: options.values("run"),
    ...jobName === undefined ? {} : { jobName },
    allDead: options.has("all-dead") || choice === undefined,
    ...kind === undefined ? {} : { kinds: [kind] },
    force: options.has("force"),
    dryRun: options.has("dry-run"),
    confirm: (question) => Promise.resolve(options.has("yes") || confirm(question, console)),
    onLine: isJson ? console.err : console.out,
  });
  const ok = summary.failed.length === 0 && summary.refused.length === 0;
  if (isJson) console.out(toJson({ ok, dryRun: options.has("dry-run"), ...summary }));
  else if (ok && summary.runs.length === 0 && summary.removed.length === 0) {
    console.out("There is nothing to clean up");
  }
  if (!ok) console.err(`blockfleet: ${whatIsLeft(summary)}`);
  return ok ? EXIT_DONE : EXIT_FAILED;
}

async function list(options: ParsedOptions, console: CliConsole): Promise<number> {
  const useless = NEEDS_CHOICE.find((name) => options.has(name));
  if (useless !== undefined) {
    throw new ConfigError(
      `Say which runs: --${useless} needs --run ID, --job-name NAME, --all-dead or --kind`,
    );
  }
  const runs = await listRegisteredRuns({ onNotice: console.err });
  if (options.has("json")) {
    console.out(toJson({ ok: true, runs: runs.map(runFacts) }));
    return EXIT_DONE;
  }
  if (runs.length === 0) console.out("No run is in the register: nothing is known to be left");
  else console.out(runLines(runs).join("\n"));
  if (runs.some(({ isAlive }) => !isAlive)) {
    console.err("Remove what dead runs left with blockfleet cleanup --all-dead, or one's with --run ID");
  }
  return EXIT_DONE;
}

/** A stranger's kind is known to the register, with the module to load it from. */
async function requireKind(kind: string): Promise<void> {
  const runs = await listRegisteredRuns({ onNotice: () => {} });
  if (!runs.some((run) => run.kind === kind)) await findDriver(kind);
}

function runFacts(run: RegisteredRun): Record<string, unknown> {
  const { runId, kind, jobName = null, host, pid, startedAt, isAlive, things } = run;
  return {
    ...{ runId, kind, jobName, host, pid, startedAt, isAlive },
    things: things.map(({ type, key, state }) => ({ type, key, state })),
  };
}

function confirm(question: string, console: CliConsole): boolean {
  const answer = console.ask(`${question} [y/N]`);
  if (answer === undefined) {
    console.err(`${question} There is no terminal to ask at: left as it is. --yes says yes`);
  }
  return answer !== undefined && /^y(es)?$/i.test(answer);
}

function whatIsLeft({ failed, refused }: CleanupSummary): string {
  const parts = [
    failed.length > 0 && `could not remove everything (${failed.length}): run cleanup once more`,
    refused.length > 0 && `left alone what is not known to be a dead run's (${refused.length})`,
  ];
  const text = parts.filter((part) => part !== false).join("; ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
