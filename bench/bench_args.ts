/**
 * What `deno task bench` takes.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { ConfigError } from "../core/errors.ts";

/** How benchmarks are to be run. */
export interface BenchArgs {
  /** Names of the benchmarks, in their own order. */
  readonly names: readonly string[];
  /** Whether one JSON object is printed instead of tables. */
  readonly json: boolean;
  /** Small scenes, limits not judged. */
  readonly isQuick: boolean;
  /** How often each contestant runs. */
  readonly rounds: number;
  /** Whether only the help is wanted. */
  readonly help: boolean;
}

const ROUNDS = 5;
const QUICK_ROUNDS = 2;
const MAX_ROUNDS = 100;

/**
 * Parses the arguments.
 *
 * @param known the names of all benchmarks.
 * @throws {ConfigError} naming what is unknown.
 */
export function parseBenchArgs(args: readonly string[], known: readonly string[]): BenchArgs {
  const parsed = parseArgs([...args], {
    boolean: ["json", "quick", "help"],
    string: ["rounds"],
    alias: { help: "h" },
    unknown: (argument: string) => {
      if (argument.startsWith("-")) throw new ConfigError(`Unknown option '${argument}'; see --help`);
    },
  });
  const names = (parsed._ as readonly (string | number)[]).map(String);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ConfigError(`Unknown benchmark '${unknown}'; there are: ${known.join(", ")}`);
  }
  const rounds = parsed.rounds === undefined ? undefined : Number(parsed.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS)) {
    throw new ConfigError(`--rounds must be a whole number from 1 to ${MAX_ROUNDS}, not '${parsed.rounds}'`);
  }
  return {
    names: known.filter((name) => names.length === 0 || names.includes(name)),
    json: parsed.json,
    isQuick: parsed.quick,
    rounds: rounds ?? (parsed.quick ? QUICK_ROUNDS : ROUNDS),
    help: parsed.help,
  };
}
