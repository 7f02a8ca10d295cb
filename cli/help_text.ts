/**
 * Help texts, made from the same tables as the parsers.
 *
 * @module
 */
import type { Command, CommandHelp } from "./command.ts";
import { COMMON_OPTIONS, type OptionSpec } from "./option_table.ts";

const PROGRAM = "blockfleet";
const WIDTH = 100;
const OPTION_COLUMN = 34;

/** The help of the whole program. */
export function programHelp(commands: readonly Command[]): string {
  const widest = Math.max(...commands.map(({ help }) => help.name.length));
  return [
    `${PROGRAM} applies a TypeScript function to rasters, block by block, on parallel compute workers.`,
    "",
    `Usage: ${PROGRAM} COMMAND [options]`,
    "",
    "Commands:",
    ...commands.map(({ help }) => `  ${help.name.padEnd(widest)}  ${help.summary}`),
    "",
    `Each command has its own help with examples: ${PROGRAM} COMMAND --help`,
    `${PROGRAM} --version says which version this is.`,
    "",
    "Exit status: 0 done, 1 the job failed, 2 wrong use, 3 that kind of worker is not available here,",
    "129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp(help: CommandHelp): string {
  const groups = Map.groupBy([...help.options, ...COMMON_OPTIONS], ({ group }) => group ?? "Options");
  const lines = [`Usage: ${PROGRAM} ${help.name} ${help.usage}`, "", capitalised(help.summary) + "."];
  for (const paragraph of help.details) lines.push("", ...wrapped(paragraph, WIDTH));
  for (const [group, options] of groups) lines.push("", `${group}:`, ...options.flatMap(optionLines));
  if (help.takesOptionsOf) {
    lines.push("", `And all options of ${PROGRAM} ${help.takesOptionsOf.name}.`);
  }
  lines.push("", "Examples:");
  for (const { title, lines: [first, ...rest] } of help.examples) {
    const command = [`    ${PROGRAM} ${first}`, ...rest.map((line) => `      ${line}`)];
    lines.push(`  ${title}`, command.join(" \\\n"));
  }
  return lines.join("\n");
}

function optionLines(option: OptionSpec): string[] {
  const short = option.short ? `-${option.short}, ` : "";
  const value = option.value === undefined
    ? ""
    : option.bareValue === undefined
    ? ` ${option.value}`
    : `[=${option.value}]`;
  const left = `  ${short}--${option.name}${value}`;
  const again = option.repeatable ? " (may be repeated)" : "";
  const right = wrapped(option.help + again, WIDTH - OPTION_COLUMN);
  const margin = " ".repeat(OPTION_COLUMN);
  const first = left.length < OPTION_COLUMN - 1 ? [left.padEnd(OPTION_COLUMN) + right.shift()] : [left];
  return [...first, ...right.map((line) => margin + line)];
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line += line ? ` ${word}` : word;
  }
  return [...lines, line];
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
