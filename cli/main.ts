/**
 * The command line: `deno run -A cli/main.ts COMMAND`, or `blockfleet COMMAND` when compiled.
 *
 * Only the tables of the options are loaded to begin with; what a command needs is loaded when it runs, so that a
 * help text comes at once.
 *
 * @module
 */
import { didYouMean } from "../core/closest_name.ts";
import { ConfigError } from "../core/errors.ts";
import { thrownFacts } from "../core/thrown_facts.ts";
import { becomesWorker } from "../core/worker_program.ts";
import { type CliConsole, processConsole } from "./cli_console.ts";
import { type Command, optionsOf } from "./command.ts";
import { COMMANDS } from "./command_list.ts";
import { errorDetails, errorLine, EXIT_DONE, exitStatusOf } from "./exit_status.ts";
import { commandHelp, programHelp } from "./help_text.ts";
import { missingEquals, type OptionSpec, parseOptions } from "./option_table.ts";
import { exitOnUncaught } from "./uncaught.ts";
import { VERSION } from "./version.ts";

export type { CliConsole };

/**
 * Runs one command line. Errors are written, not thrown.
 *
 * @param args the arguments after the program's name.
 * @param console where to write; default this process's streams.
 * @returns the exit status: 0 done, 1 the job failed, 2 wrong use, 3 that kind of worker is not available here,
 * 129, 130 or 143 ended by SIGHUP, SIGINT or SIGTERM.
 */
export async function main(args: readonly string[], console: CliConsole = processConsole()): Promise<number> {
  becomesWorker();
  const command = COMMANDS.find(({ help }) => help.name === args[0]);
  const options = optionsOf(command?.help);
  try {
    return command
      ? await runCommand(command, args.slice(1), { options, console })
      : runProgram(args, console);
  } catch (error) {
    return tellError(error, { args, options, console });
  }
}

/** Says an error in one line, with its stack if that is asked for; gives the exit status. */
function tellError(
  error: unknown,
  { args, options, console }: {
    readonly args: readonly string[];
    readonly options: readonly OptionSpec[];
    readonly console: CliConsole;
  },
): number {
  // Read from the arguments themselves: they may be the very thing that could not be parsed.
  const flags = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  const line = errorLine(error, options);
  console.err(`blockfleet: ${line}`);
  if (flags.includes("--verbose") || flags.includes("-v")) console.err(errorDetails(error));
  if (flags.includes("--json") && options.some(({ name }) => name === "json")) {
    const { name } = thrownFacts(error);
    console.out(JSON.stringify({ ok: false, error: { name, message: line } }));
  }
  return exitStatusOf(error);
}

/**
 * The first line of a program of your own that is to be compiled and has workers that are processes: those are the program
 * itself, started with the argument `worker`, and this makes them workers. It does nothing in other cases.
 *
 * ```ts ignore
 * import { serveWorkers } from "@blockfleet/blockfleet/cli";
 *
 * await serveWorkers();
 * ```
 *
 * @param args the program's arguments. A worker ends with the process, so this returns only if they are none of a worker.
 */
export async function serveWorkers(args: readonly string[] = Deno.args): Promise<void> {
  becomesWorker();
  if (Deno.build.standalone && args[0] === "worker") Deno.exit(await main(args));
}

async function runCommand(
  { help, load }: Command,
  args: readonly string[],
  { options, console }: { readonly options: readonly OptionSpec[]; readonly console: CliConsole },
): Promise<number> {
  const parsed = wantsHelp(args) ? undefined : parseOptions(options, args);
  if (!parsed) {
    console.out(commandHelp(help));
    return EXIT_DONE;
  }
  const { name, min, max } = help.positionals;
  const count = parsed.positionals.length;
  if (count < min) {
    throw new ConfigError(`${help.name} needs ${name}: blockfleet ${help.name} ${help.usage}`);
  }
  if (count > max) {
    const extra = parsed.positionals.slice(max).map((one) => `'${one}'`).join(", ");
    const meant = missingEquals(options, args);
    const advice = meant === undefined ? `See blockfleet ${help.name} --help` : `Write ${meant}`;
    throw new ConfigError(
      max === 0
        ? `${help.name} takes no arguments but was given ${extra}`
        : `${help.name} takes one ${name}; what is ${extra}? ${advice}`,
    );
  }
  const run = await load();
  return await run(parsed, console);
}

function runProgram(args: readonly string[], console: CliConsole): number {
  const [first, second] = args;
  if (first === "--version" || first === "-V") {
    console.out(`blockfleet ${VERSION} (Deno ${Deno.version.deno}, V8 ${Deno.version.v8})`);
  } else if (first === "--help" || first === "-h" || first === "help") {
    const command = COMMANDS.find(({ help }) => help.name === second);
    if (!command && second !== undefined) throw unknownCommand(second);
    console.out(command ? commandHelp(command.help) : programHelp(COMMANDS));
  } else throw unknownCommand(first);
  return EXIT_DONE;
}

function unknownCommand(name: string | undefined): ConfigError {
  const names = COMMANDS.map(({ help }) => help.name);
  const list = `the commands are ${names.join(", ")}; blockfleet --help says what they do`;
  if (name === undefined) return new ConfigError(`Say what to do: ${list}`);
  const what = name.startsWith("-") ? "option" : "command";
  return new ConfigError(`Unknown ${what} '${name}'${didYouMean(name, names) || ":"} ${list}`);
}

function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === "--help" || arg === "-h");
}

if (import.meta.main) {
  // What a user function logs is for people; standard output is for results, which don't go through this console.
  globalThis.console.log = globalThis.console.info = globalThis.console.debug = globalThis.console.error;
  exitOnUncaught((error) => {
    const options = optionsOf(COMMANDS.find(({ help }) => help.name === Deno.args[0])?.help);
    return tellError(error, { args: Deno.args, options, console: processConsole() });
  });
  // Exit rather than let the event loop run dry: a thread that would not end must not keep a finished command here.
  Deno.exit(await main(Deno.args));
}
