import { assertEquals, assertThrows } from "@std/assert";
import { didYouMean, editDistance } from "../../core/closest_name.ts";
import { COMMANDS } from "../../cli/command_list.ts";
import { optionsOf } from "../../cli/command.ts";
import { commandHelp, programHelp } from "../../cli/help_text.ts";
import { COMMON_OPTIONS, type OptionSpec, parseOptions } from "../../cli/option_table.ts";
import { TIMEOUT_NAMES } from "../../core/concurrency_style.ts";
import { ConfigError } from "../../core/errors.ts";

const SPECS: readonly OptionSpec[] = [
  { name: "in", value: "FILE", repeatable: true, help: "an input" },
  { name: "nodata", value: "V", help: "nodata" },
  { name: "timings", value: "LEVEL", bareValue: "0", help: "timings" },
  { name: "quiet", short: "q", help: "quiet" },
];

function refused(args: string[]): string {
  return assertThrows(() => parseOptions(SPECS, args), ConfigError).message;
}

Deno.test("a value follows after a space or after =, and may begin with a dash or hold an =", () => {
  const options = parseOptions(SPECS, ["f.ts", "--nodata", "-9999", "--in", "a=b=c", "--in=d=e"]);
  assertEquals(options.positionals, ["f.ts"]);
  assertEquals(options.value("nodata"), "-9999");
  assertEquals(options.values("in"), ["a=b=c", "d=e"]);
  assertEquals(options.values("quiet"), []);
  assertEquals(options.value("timings"), undefined);
});

Deno.test("an option with a bare value takes one only after =", () => {
  const bare = parseOptions(SPECS, ["--timings", "f.ts"]);
  assertEquals([bare.value("timings"), bare.positionals], ["0", ["f.ts"]]);
  assertEquals(parseOptions(SPECS, ["--timings=1"]).value("timings"), "1");
});

Deno.test("what follows -- is no option, and a single dash is an argument", () => {
  const options = parseOptions(SPECS, ["-q", "-", "--", "--nodata", "-q"]);
  assertEquals(options.positionals, ["-", "--nodata", "-q"]);
  assertEquals(options.has("quiet"), true);
});

Deno.test("parsed options make a command line that parses to the same, without those left out", () => {
  const args = ["-q", "a b.ts", "--in=x=1,2", "--timings", "--nodata", "-1", "--in", "--odd", "--", "--c"];
  const again = parseOptions(SPECS, args).toArguments(SPECS, ["timings"]);
  assertEquals(again, ["--quiet", "--in=x=1,2", "--in=--odd", "--nodata=-1", "--", "a b.ts", "--c"]);
  const parsed = parseOptions(SPECS, again);
  assertEquals([parsed.values("in"), parsed.value("nodata")], [["x=1,2", "--odd"], "-1"]);
  assertEquals([parsed.has("quiet"), parsed.positionals], [true, ["a b.ts", "--c"]]);
});

Deno.test("an unknown option is refused with a guess", () => {
  assertEquals(refused(["--nodat", "1"]), "Unknown option --nodat: did you mean --nodata?");
  assertEquals(refused(["--whatever"]), "Unknown option --whatever: see --help for the options");
  assertEquals(refused(["-x"]), "Unknown option -x: see --help for the options");
  // No option is abbreviated silently: a later one could make it mean something else.
  assertEquals(refused(["--timing"]), "Unknown option --timing: did you mean --timings?");
});

Deno.test("a missing, a superfluous and a second value are refused", () => {
  assertEquals(refused(["--nodata"]), "--nodata needs a value: --nodata V");
  assertEquals(refused(["--quiet=yes"]), "--quiet takes no value but was given 'yes'");
  assertEquals(
    refused(["--nodata", "1", "--nodata=2"]),
    "--nodata is given twice, as '1' and '2': leave one out",
  );
  assertEquals(parseOptions(SPECS, ["-q", "--quiet"]).has("quiet"), true);
});

Deno.test("an edit is a letter changed, added, left out, or two swapped", () => {
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("kitten", "sitting"), 3);
  assertEquals(editDistance("workres", "workers"), 1);
});

Deno.test("a guess is made only where a name comes near", () => {
  assertEquals(didYouMean("--workres", ["--window", "--workers"]), ": did you mean --workers?");
  assertEquals(
    didYouMean("--compute", ["--in", "--compute-workers-read"]),
    ": did you mean --compute-workers-read?",
  );
  assertEquals(didYouMean("x", ["apply", "info"]), "");
  assertEquals(didYouMean("7", ["0", "1"]), "");
});

Deno.test("no command has two options of one name or letter, and every option stands in its help", () => {
  for (const { help } of COMMANDS) {
    const options = optionsOf(help);
    const names = options.flatMap(({ name, short }) => short ? [name, short] : [name]);
    assertEquals(new Set(names).size, names.length, help.name);
    const text = commandHelp(help);
    const shown = help.takesOptionsOf ? [...help.options, ...COMMON_OPTIONS] : options;
    for (const { name } of shown) assertEquals(text.includes(`--${name}`), true, `${help.name} --${name}`);
    if (help.takesOptionsOf) {
      assertEquals(text.includes(`all options of blockfleet ${help.takesOptionsOf.name}.`), true);
    }
    assertEquals(help.examples.length > 0, true);
    for (const line of text.split("\n")) assertEquals(line.length <= 110, true, line);
  }
});

Deno.test("the examples of every help are accepted by the parser of their command", () => {
  for (const { help } of COMMANDS) {
    for (const { lines } of help.examples) {
      // As a shell parts it: single quotes hold words together.
      const words = lines.join(" ").match(/'[^']*'|\S+/g)!.map((word) => word.replace(/^'|'$/g, ""));
      assertEquals(words[0], help.name);
      const { positionals } = parseOptions(optionsOf(help), words.slice(1));
      assertEquals(positionals.length >= help.positionals.min, true, lines[0]);
    }
  }
});

Deno.test("every timeout of the API is an option of apply, by its name in kebab case", () => {
  const apply = COMMANDS.find(({ help }) => help.name === "apply")!.help;
  for (const timeout of TIMEOUT_NAMES) {
    const kebab = timeout.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    assertEquals(apply.options.find(({ apiName }) => apiName === timeout)?.name, kebab);
  }
});

Deno.test("the program's help names every command", () => {
  const text = programHelp(COMMANDS);
  for (const { help } of COMMANDS) assertEquals(text.includes(`  ${help.name} `), true);
});
