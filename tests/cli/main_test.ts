import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { errorDetails, errorLine, exitStatusOf, InterruptedError } from "../../cli/exit_status.ts";
import { APPLY_HELP } from "../../cli/apply_help.ts";
import { main } from "../../cli/main.ts";
import { VERSION } from "../../cli/version.ts";
import {
  BlockfleetError,
  ConfigError,
  RasterError,
  UnavailableError,
  WorkerError,
} from "../../core/errors.ts";
import { fakeConsole } from "./fake_console.ts";

async function run(...args: string[]) {
  const console = fakeConsole();
  const status = await main(args, console);
  return { status, out: console.outLines, err: console.errLines };
}

Deno.test("help and version go to standard output with status 0", async () => {
  for (const args of [["--help"], ["-h"], ["help"]]) {
    const { status, out, err } = await run(...args);
    assertEquals([status, err], [0, []]);
    assertEquals(out[2], "Usage: blockfleet COMMAND [options]");
  }
  for (const args of [["apply", "--help"], ["help", "apply"], ["apply", "f.ts", "--in", "x", "-h"]]) {
    const { status, out } = await run(...args);
    assertEquals([status, out[0]?.startsWith("Usage: blockfleet apply MODULE")], [0, true]);
  }
  assertEquals((await run("--version")).out[0]?.startsWith(`blockfleet ${VERSION} `), true);
});

Deno.test("an unknown command is wrong use, and the commands are listed", async () => {
  const { status, out, err } = await run("aply");
  assertEquals([status, out], [2, []]);
  assertEquals(err, [
    "blockfleet: Unknown command 'aply': did you mean apply? the commands are apply, info, kinds, script, cleanup, worker, " +
    "demo; blockfleet --help says what they do",
  ]);
  assertEquals((await run()).status, 2);
  assertEquals((await run("--workers")).status, 2);
  assertEquals((await run("worker")).status, 2);
  assertEquals(await run("help", "aply"), { status, out, err });
});

Deno.test("wrong arguments are refused in one line with status 2", async () => {
  const cases: [string[], string][] = [
    [["apply"], "apply needs MODULE: blockfleet apply MODULE[#EXPORT]"],
    [["apply", "f.ts", "g.ts"], "apply takes one MODULE; what is 'g.ts'?"],
    [["apply", "f.ts", "--timings", "1"], "apply takes one MODULE; what is '1'? Write --timings=1"],
    [["apply", "--timings", "1", "f.ts"], "apply takes one MODULE; what is 'f.ts'? Write --timings=1"],
    [["apply", "f.ts", "--in"], "--in needs a value: --in NAME=FILE[,FILE...]"],
    [["apply", "f.ts", "--worker", "2"], "Unknown option --worker: did you mean --workers?"],
    [["kinds", "x"], "kinds takes no arguments but was given 'x'"],
    [["info"], "info needs FILE"],
    [["demo", "--size", "12"], "--size takes a whole number, 64 to 65536, not '12'"],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await run(...args);
    assertEquals([status, out, err.length], [2, [], 1], args.join(" "));
    assertStringIncludes(err[0]!, `blockfleet: ${message}`);
  }
});

Deno.test("with --json an error is an object on standard output too", async () => {
  const { status, out, err } = await run("apply", "f.ts", "--json");
  assertEquals([status, err.length, out.length], [2, 1, 1]);
  const { ok, error } = JSON.parse(out[0]!);
  assertEquals([ok, error.name, `blockfleet: ${error.message}`], [false, "ConfigError", err[0]]);
  assertEquals((await run("apply", "f.ts", "--", "--json")).out, []);
});

Deno.test("--verbose adds the stack", async () => {
  const { err } = await run("apply", "f.ts", "--verbose");
  assertMatch(err.slice(1).join("\n"), /^ConfigError: [^]*\n {4}at /);
});

Deno.test("kinds lists RIOS's seven, and Grid Engine", async () => {
  const { status, out } = await run("kinds");
  assertEquals(status, 0);
  assertEquals(out.slice(1).map((line) => line.split(" ")[0]), [
    "CW_NONE",
    "CW_THREADS",
    "CW_SUBPROC",
    "CW_PBS",
    "CW_SLURM",
    "CW_SGE",
    "CW_ECS",
    "CW_AWSBATCH",
  ]);
  const { out: [json] } = await run("kinds", "--json");
  const { ok, kinds } = JSON.parse(json!);
  assertEquals([ok, kinds.length], [true, 8]);
  for (const { kind, built, available, reason } of kinds.slice(0, 3)) {
    assertEquals([built, available, reason], [true, true, undefined], kind);
  }
  for (const { available, reason } of kinds) assertEquals(available, reason === undefined);
});

Deno.test("each error has its status", () => {
  assertEquals(
    [
      new ConfigError(""),
      new UnavailableError(""),
      new RasterError(""),
      new TypeError(""),
      new InterruptedError("SIGHUP"),
      new InterruptedError("SIGINT"),
      new InterruptedError("SIGTERM"),
    ].map(exitStatusOf),
    [2, 3, 1, 1, 129, 130, 143],
  );
});

Deno.test("of an option and its name in the API, given as alternatives, the command line shows the option", () => {
  const shown = (text: string) => errorLine(new ConfigError(text), APPLY_HELP.options);
  const cases = [
    ["use --restart (restart: true) to begin anew", "use --restart to begin anew"],
    ["use --take-over (takeOver)", "use --take-over"],
    ["by path with shipCode: false (--ship-code no)", "by path with --ship-code no"],
    ["--ship-code no (shipCode: false) then", "--ship-code no then"],
    [
      "(computeWorkersRead: false) need numReadWorkers",
      "(--compute-workers-read: false) need --read-workers",
    ],
    ["needs computeWorkerExtraParams (--extra-params @FILE.json): {}", "needs --extra-params @FILE.json: {}"],
    ["computeWorkerExtraParams.walltime 'x': no time", "--param walltime 'x': no time"],
    ["computeWorkerExtraParams has no 'x': did you", "--param: there is no parameter 'x': did you"],
    ["computeWorkerExtraParams of CW_X has no 'x'", "--param: there is no parameter of CW_X 'x'"],
    ["--resume (of the other) stays", "--resume (of the other) stays"],
  ];
  for (const [text, line] of cases) assertEquals(shown(text!), line);
});

Deno.test("an error is one line in the words of the command line", () => {
  assertEquals(
    errorLine(new ConfigError("numReadWorkers\n  must be 1, not numReadWorkersX"), APPLY_HELP.options),
    "--read-workers must be 1, not numReadWorkersX",
  );
  assertEquals(errorLine(new BlockfleetError("the overlap\u001b[2J"), APPLY_HELP.options), "the overlap [2J");
  assertMatch(
    errorLine(new TypeError("x is not a function"), []),
    /^TypeError: x is not a function \(this is not/,
  );
});

Deno.test("the details of an error hold the worker's stack and all causes", () => {
  const cause = new RasterError("the cause");
  const error = new WorkerError("failed", { remoteStack: "Error: there\n    at f (remote.ts:1:2)" }, {
    cause,
  });
  const details = errorDetails(error);
  assertStringIncludes(details, "In the worker: Error: there\n    at f (remote.ts:1:2)");
  assertStringIncludes(details, "Caused by: RasterError: the cause\n    at ");
  const looped = new Error("looped");
  looped.cause = looped;
  assertEquals(errorDetails(looped).split("looped").length, 2);
});

Deno.test("what Deno does not let the program do is told with the place for its flag, which is none of a command's", () => {
  const refusal =
    "Cannot open 'a.tif': Requires read access to \"a.tif\", run again with the --allow-read flag";
  const line = errorLine(new RasterError(refusal), APPLY_HELP.options);
  assertStringIncludes(line, "start Deno with --allow-read before this program's name");
  assertEquals(line.includes("run again"), false);
});
