/**
 * Messages in the words of the command line: where `apply()` says `numReadWorkers`, its user wrote `--read-workers`.
 *
 * @module
 */
import type { OptionSpec } from "./option_table.ts";

/** An option and what `apply()` calls it, given as alternatives: `--restart (restart: true)`. */
const OPTION_FIRST = /(?<![a-z-])--([a-z-]+)((?: [^\s()]+)?) \((\w+)(?:: [^()]+)?\)/g;
/** The same the other way round: `shipCode: false (--ship-code no)`. */
const API_FIRST = /\b(\w+)(?:: \w+)? \((--([a-z-]+)(?: [^()]+)?)\)/g;

/** A parameter that a kind does not have. */
const NO_PARAM = /\bcomputeWorkerExtraParams( of CW_\w+)? has no '/g;
/** One of a kind's own parameters, which has an option of its own. */
const PARAM = /\bcomputeWorkerExtraParams\.(?=\w)/g;

/** Deno's advice where it refuses something: the flag is one of Deno's, and no command of ours takes it. */
const RUN_AGAIN = /\brun again with the (--allow-[a-z]+) flag/g;

/**
 * A line in which names of `apply()` are put as options. Of alternatives for both users only the one is left.
 *
 * @param options those of the command, whose `apiName`s are put as `--name`.
 */
export function inCliWords(line: string, options: readonly OptionSpec[]): string {
  const isPair = (name: string, apiName: string) =>
    options.some((option) => option.name === name && option.apiName === apiName);
  let text = (options.some(({ name }) => name === "param") ? paramsInCliWords(line) : line)
    .replace(OPTION_FIRST, (all, name, value, apiName) => isPair(name, apiName) ? `--${name}${value}` : all)
    .replace(API_FIRST, (all, apiName, option, name) => isPair(name, apiName) ? option : all);
  for (const { name, apiName } of options) {
    // Only names that can't be plain words: `overlap` and `copies` stand in sentences.
    if (apiName && /[A-Z]/.test(apiName)) {
      text = text.replaceAll(new RegExp(`\\b${apiName}\\b`, "g"), `--${name}`);
    }
  }
  return text.replace(RUN_AGAIN, "start Deno with $1 before this program's name");
}

function paramsInCliWords(line: string): string {
  return line.replace(PARAM, "--param ").replace(
    NO_PARAM,
    (_all, kind = "") => `--param: there is no parameter${kind} '`,
  );
}
