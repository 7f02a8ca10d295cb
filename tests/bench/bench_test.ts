import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseBenchArgs } from "../../bench/bench_args.ts";
import { type Benchmark, type BenchmarkReport, judge } from "../../bench/benchmark.ts";
import { interleave, measureOf, parseUsage, type ProcessRun } from "../../bench/measure_process.ts";
import { ndviOf } from "../../bench/ndvi_function.ts";
import { reportText } from "../../bench/report_text.ts";
import { ratioSpread, spreadOf } from "../../bench/spread.ts";
import { ConfigError } from "../../core/errors.ts";

const KNOWN = ["ndvi", "read", "help"];

Deno.test("without names all benchmarks run, in their own order", () => {
  const { names, json, isQuick, rounds } = parseBenchArgs([], KNOWN);
  assertEquals({ names, json, isQuick, rounds }, { names: KNOWN, json: false, isQuick: false, rounds: 5 });
});

Deno.test("names and options of the bench are taken in any order", () => {
  const { names, json, isQuick, rounds } = parseBenchArgs(["help", "--quick", "ndvi", "--json"], KNOWN);
  assertEquals({ names, json, isQuick, rounds }, {
    names: ["ndvi", "help"],
    json: true,
    isQuick: true,
    rounds: 2,
  });
  assertEquals(parseBenchArgs(["--quick", "--rounds", "7"], KNOWN).rounds, 7);
});

Deno.test("what the bench does not know is refused by name", () => {
  assertThrows(
    () => parseBenchArgs(["nvdi"], KNOWN),
    ConfigError,
    "Unknown benchmark 'nvdi'; there are: ndvi, read",
  );
  assertThrows(() => parseBenchArgs(["--fast"], KNOWN), ConfigError, "Unknown option '--fast'");
  for (const rounds of ["0", "1.5", "many", "101"]) {
    assertThrows(() => parseBenchArgs([`--rounds=${rounds}`], KNOWN), ConfigError, `not '${rounds}'`);
  }
});

Deno.test("a spread has the median of odd and even numbers of runs", () => {
  assertEquals(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assertEquals(spreadOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  assertThrows(() => spreadOf([]), RangeError);
});

Deno.test("a ratio is taken round by round, so that a slow round does not count for one side", () => {
  assertEquals(ratioSpread([1, 10, 1], [2, 20, 2]), { median: 0.5, min: 0.5, max: 0.5 });
});

Deno.test("a limit is judged, but not in a quick run and not where there is none", () => {
  const figure = { what: "ratio", value: 0.5, unit: "" };
  assertEquals(judge({ ...figure, limit: { atMost: 0.5 } }, { isQuick: false }).met, true);
  assertEquals(judge({ ...figure, limit: { atLeast: 0.6 } }, { isQuick: false }).met, false);
  assertEquals(judge({ ...figure, limit: { atMost: 0.4 } }, { isQuick: true }).met, null);
  assertEquals(judge(figure, { isQuick: false }).met, null);
});

Deno.test("what GNU time writes becomes seconds and MiB, and its absence null", () => {
  assertEquals(parseUsage("1.50 0.25 2048\n"), { cpuSeconds: 1.75, peakMiB: 2 });
  assertEquals(parseUsage(undefined), { cpuSeconds: null, peakMiB: null });
  assertEquals(parseUsage("time: cannot run\n"), { cpuSeconds: null, peakMiB: null });
});

Deno.test("contestants run in turn, and each keeps its own runs", async () => {
  const order: string[] = [];
  const contestant = (label: string, wallSeconds: number) => ({
    label,
    run: () => {
      order.push(label);
      return Promise.resolve<ProcessRun>({ wallSeconds, cpuSeconds: null, peakMiB: null, stdout: "" });
    },
  });
  const runs = await interleave([contestant("a", 1), contestant("b", 2)], { rounds: 2, say: () => {} });
  assertEquals(order, ["a", "b", "a", "b"]);
  assertEquals(measureOf("b", runs.get("b")!), {
    label: "b",
    wallSeconds: { median: 2, min: 2, max: 2 },
    cpuSeconds: null,
    peakMiB: null,
  });
});

Deno.test("a report shows contestants, verdicts, notes and skips", () => {
  const benchmark: Benchmark = {
    name: "some",
    about: "a thing",
    run: () => Promise.reject(new Error("unused")),
  };
  const run = { wallSeconds: 1.5, cpuSeconds: 2, peakMiB: 100, stdout: "" };
  const report: BenchmarkReport = {
    measures: [measureOf("ours", [run], "7 MB")],
    figures: [
      judge({ what: "ratio", value: 0.41, range: [0.4, 0.42], unit: "", limit: { atMost: 0.42 } }, {
        isQuick: false,
      }),
      judge({ what: "memory", value: 400.2, unit: "MiB", limit: { atMost: 303 } }, { isQuick: false }),
    ],
    notes: ["small scene"],
    skipped: ["RIOS: not here"],
  };
  const lines = reportText(benchmark, report).split("\n");
  assertEquals(lines[0], "some: a thing");
  assertStringIncludes(lines[2]!, "ours   1.500  (1.500 to 1.500)");
  assertEquals(lines.slice(3), [
    "  ratio: 0.410 (rounds: 0.400 to 0.420); bar: at most 0.42: met",
    "  memory: 400 MiB; bar: at most 303: MISSED",
    "  note: small scene",
    "  skipped: RIOS: not here",
  ]);
});

Deno.test("the NDVI of the bench rounds as float32 arithmetic does", () => {
  const f = Math.fround;
  const red = Uint8Array.of(0, 0, 255, 3, 200);
  const nir = Uint8Array.of(0, 255, 0, 4, 7);
  const stepByStep = Float32Array.from(red, (r, i) => f(f(nir[i]! - r) / f(f(nir[i]! + r) + f(1e-6))));
  assertEquals(ndviOf(red, nir), stepByStep);
});
