/**
 * Option tables: one description of a command's options, from which both its parser and its help are made, so that
 * the two can't drift apart.
 *
 * @module
 */
import { didYouMean } from "../core/closest_name.ts";
import { ConfigError } from "../core/errors.ts";

/** One option of a command. */
export interface OptionSpec {
  /** Its name, without the two dashes. */
  readonly name: string;
  /** A one-letter form, without the dash. */
  readonly short?: string;
  /** What its value is called in the help; absent for a flag. */
  readonly value?: string;
  /** The value that it has when it is given without one; then a value is taken only after `=`. */
  readonly bareValue?: string;
  /** Whether it may be given more than once. */
  readonly repeatable?: boolean;
  /** The heading that it stands under in the help. */
  readonly group?: string;
  /** What it does, its unit and its default. */
  readonly help: string;
  /** What `apply()` calls it, so that an error from there can be shown in the words of the command line. */
  readonly apiName?: string;
}

/** What every command takes. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "verbose", short: "v", group: "Common", help: "show the stack of an error" },
  { name: "help", short: "h", group: "Common", help: "show this help" },
];

/** A command line after parsing. */
export class ParsedOptions {
  /** What is not an option, in order. */
  readonly positionals: readonly string[];
  readonly #given: ReadonlyMap<string, readonly string[]>;

  /**
   * Holds what was parsed.
   *
   * @param positionals what is not an option.
   * @param given the values of each option that was given; for a flag one empty string.
   */
  constructor(positionals: readonly string[], given: ReadonlyMap<string, readonly string[]>) {
    this.positionals = positionals;
    this.#given = given;
  }

  /** Whether the option was given. */
  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** The value of an option that is not repeatable; undefined if it was not given. */
  value(name: string): string | undefined {
    return this.#given.get(name)?.[0];
  }

  /** All values of an option, in the order given. */
  values(name: string): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  /**
   * The command line again, as it could be parsed once more.
   *
   * @param specs what it was parsed with.
   * @param without options to leave out.
   */
  toArguments(specs: readonly OptionSpec[], without: readonly string[]): string[] {
    const options = [...this.#given].filter(([name]) => !without.includes(name));
    const isFlag = (name: string) => specs.some((spec) => spec.name === name && spec.value === undefined);
    return [
      ...options.flatMap(([name, values]) =>
        isFlag(name) ? [`--${name}`] : values.map((value) => `--${name}=${value}`)
      ),
      ...this.positionals.length > 0 ? ["--", ...this.positionals] : [],
    ];
  }
}

/**
 * Parses a command's arguments.
 *
 * An option's value follows after a space or `=`, and may begin with a dash (`--nodata -9999`); everything after a
 * `--` is no option. Std's `parseArgs` is not used because it takes such a value for another option.
 *
 * @throws {ConfigError} for an unknown option, a missing or superfluous value, or an option that has a value given twice.
 */
export function parseOptions(specs: readonly OptionSpec[], args: readonly string[]): ParsedOptions {
  const positionals: string[] = [];
  const given = new Map<string, string[]>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") {
      positionals.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      positionals.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    const spec = findSpec(specs, flag);
    let value = equals < 0 ? undefined : arg.slice(equals + 1);
    if (spec.value === undefined) {
      if (value !== undefined) throw new ConfigError(`${flag} takes no value but was given '${value}'`);
      value = "";
    } else if (value === undefined) {
      value = spec.bareValue ?? args[++at];
      if (value === undefined) throw new ConfigError(`${flag} needs a value: ${flag} ${spec.value}`);
    }
    const values = given.get(spec.name);
    if (!values) given.set(spec.name, [value]);
    else if (spec.repeatable) values.push(value);
    else if (spec.value !== undefined) {
      throw new ConfigError(`${flag} is given twice, as '${values[0]}' and '${value}': leave one out`);
    }
  }
  return new ParsedOptions(positionals, given);
}

/**
 * What to write in the place of `--timings 1`, whose number is no value of the option as it stands; undefined if the arguments
 * have nothing of the kind.
 */
export function missingEquals(specs: readonly OptionSpec[], args: readonly string[]): string | undefined {
  const at = args.findIndex((arg, index) =>
    /^\d+$/.test(args[index + 1] ?? "") &&
    specs.some(({ name, bareValue }) => bareValue !== undefined && arg === `--${name}`)
  );
  return at < 0 ? undefined : `${args[at]}=${args[at + 1]}`;
}

function findSpec(specs: readonly OptionSpec[], flag: string): OptionSpec {
  const spec = flag.startsWith("--")
    ? specs.find(({ name }) => `--${name}` === flag)
    : specs.find(({ short }) => short !== undefined && `-${short}` === flag);
  if (spec) return spec;
  const hint = didYouMean(flag, specs.map(({ name }) => `--${name}`));
  throw new ConfigError(`Unknown option ${flag}${hint || ": see --help for the options"}`);
}
