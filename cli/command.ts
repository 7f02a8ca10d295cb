/**
 * What a command of the command line is made of.
 *
 * @module
 */
import type { CliConsole } from "./cli_console.ts";
import { COMMON_OPTIONS, type OptionSpec, type ParsedOptions } from "./option_table.ts";

/** A command line to copy, and what it does. */
export interface CommandExample {
  /** What it does, as a heading of one line. */
  readonly title: string;
  /** The arguments after `blockfleet`; a long one in several lines. */
  readonly lines: readonly string[];
}

/** What a command is called, takes and says of itself. Only this is loaded for a help text. */
export interface CommandHelp {
  /** The word after `blockfleet`. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** Its arguments in short, after the name. */
  readonly usage: string;
  /** What else one must know, a paragraph each. */
  readonly details: readonly string[];
  /** Its options, without the common ones. */
  readonly options: readonly OptionSpec[];
  /** Another command whose options it takes too. */
  readonly takesOptionsOf?: CommandHelp;
  /** How many arguments that are not options it takes. */
  readonly positionals: { readonly name: string; readonly min: number; readonly max: number };
  /** At least one. */
  readonly examples: readonly CommandExample[];
}

/**
 * Does what a command does.
 *
 * @returns the exit status.
 */
export type CommandRun = (options: ParsedOptions, console: CliConsole) => Promise<number>;

/** A command. */
export interface Command {
  /** What is known without loading it. */
  readonly help: CommandHelp;
  /** Loads what runs it, and all that it needs. */
  load(): Promise<CommandRun>;
}

/** All options that a command takes: its own, those of the command that it builds on, and the common ones. */
export function optionsOf(help: CommandHelp | undefined): OptionSpec[] {
  return [...help?.options ?? [], ...help?.takesOptionsOf?.options ?? [], ...COMMON_OPTIONS];
}
